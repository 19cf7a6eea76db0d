import { shownYaml } from "#shared/runtime/config/shown_config.ts";
import { formatDuration } from "#shared/text/duration.ts";
import type { GlobalConfig, ScrapeConfig } from "./config.ts";
import { resolveJob } from "./job.ts";

/** A job's configuration for people to read. */
export type PoolConfig = { readonly name: string; readonly configYaml: string };

/** Targets that stand in the texts of all jobs together: people read no more, and to write ten thousand takes a tenth of a second. */
const shownMax = 1_000;

/** The scrape jobs as they are in effect, by Prometheus's keys, with what the global section gives them; secrets are left out. */
export function shownPools(config: {
  readonly global: GlobalConfig;
  readonly scrape_configs: readonly ScrapeConfig[];
}): PoolConfig[] {
  let room = shownMax;
  return config.scrape_configs.map((written) => {
    const { static_configs, ...job } = resolveJob(config.global, written);
    const shown: Record<string, unknown> = {
      ...job,
      scrape_interval: formatDuration(job.intervalMs),
      scrape_timeout: formatDuration(job.timeoutMs),
    };
    // Resolved from keys that are shown, or from outside of the job.
    // Last, so that rules stay readable where thousands of targets make the text too long for a heartbeat.
    const { configs, shown: taken, left } = shortened(static_configs, room);
    room -= taken;
    shown["static_configs"] = configs;
    for (const key of ["intervalMs", "timeoutMs", "externalLabels", "outOfOrderMs"])
      delete shown[key];
    const more = left > 0 ? `# ${left} more targets\n` : "";
    return { name: job.job_name, configYaml: shownYaml(shown) + more };
  });
}

/** The same with the first `targetsMax` targets alone; how many these are, and how many are left out. */
function shortened(configs: ScrapeConfig["static_configs"], targetsMax: number) {
  let [shown, left] = [0, 0];
  const shortenedConfigs = configs.map((config) => {
    const all = config.targets ?? [];
    const targets = all.slice(0, targetsMax - shown);
    shown += targets.length;
    left += all.length - targets.length;
    return all.length === targets.length ? config : { ...config, targets };
  });
  return { configs: shortenedConfigs, shown, left };
}
