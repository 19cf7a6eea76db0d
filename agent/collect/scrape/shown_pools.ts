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
    const { static_configs, ...job } = resolveJob(config.global, written);
    const shown: Record<string, unknown> = {
      ...job,
      scrape_interval: formatDuration(job.intervalMs),
      scrape_timeout: formatDuration(job.timeoutMs),
    };
    // Resolved from keys that are shown, or from outside of the job.
    // Last, so that rules stay readable where thousands of targets make the text too long for a heartbeat.
    shown["static_configs"] = static_configs;
    for (const key of ["intervalMs", "timeoutMs", "externalLabels", "outOfOrderMs"])
      delete shown[key];
    return { name: job.job_name, configYaml: shownYaml(shown) };
  });
}
