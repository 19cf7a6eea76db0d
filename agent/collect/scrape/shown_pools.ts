import { shownYaml } from "#shared/runtime/shown_config.ts";
import { formatDuration } from "#shared/text/duration.ts";
import type { GlobalConfig, ScrapeConfig } from "./config.ts";
import { resolveJob } from "./job.ts";

/** A job's configuration for people to read. */
export type PoolConfig = { readonly name: string; readonly configYaml: string };

/** The scrape jobs as they are in effect, by Prometheus's keys, with what the global section gives them; secrets are left out. */
export function shownPools(config: {
  readonly global: GlobalConfig;
  readonly scrape_configs: readonly ScrapeConfig[];
}): PoolConfig[] {
  return config.scrape_configs.map((written) => {
    const job = resolveJob(config.global, written);
    const { intervalMs, timeoutMs, externalLabels, outOfOrderMs, job_name: name, ...rest } = job;
    const yaml = shownYaml({
      job_name: name,
      ...rest,
      scrape_interval: formatDuration(intervalMs),
      scrape_timeout: formatDuration(timeoutMs),
    });
    return { name, configYaml: yaml };
  });
}
