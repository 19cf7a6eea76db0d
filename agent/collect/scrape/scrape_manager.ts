import type { Labels } from "#shared/model/labels.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { GlobalConfig, ScrapeConfig } from "./config.ts";
import { type Job, jobFingerprint, resolveJob } from "./job.ts";
import { RetiredLoops } from "./retired_loops.ts";
import type { ScrapeOutput } from "./scrape_loop.ts";
import { ScrapePool } from "./scrape_pool.ts";
import type { TargetReport } from "../target_report.ts";

export type ScrapeSettings = {
  readonly global: GlobalConfig;
  readonly scrape_configs: readonly ScrapeConfig[];
  readonly external_labels?: Labels;
  readonly outOfOrderMs?: number;
};

type ManagerParts = {
  readonly output: ScrapeOutput;
  readonly log: Logger;
  readonly nameServers?: readonly string[];
};

/** All pools. A new configuration restarts only the pools whose own settings changed. */
export class ScrapeManager {
  readonly #parts: ManagerParts;
  readonly #abort = new AbortController();
  readonly #retired = new RetiredLoops(this.#abort.signal);
  readonly #pools = new Map<string, { readonly fingerprint: string; readonly pool: ScrapePool }>();

  constructor(parts: ManagerParts) {
    this.#parts = parts;
  }

  async apply(settings: ScrapeSettings): Promise<void> {
    const wanted = new Map<string, { job: Job; fingerprint: string }>();
    for (const config of settings.scrape_configs) {
      const { global, external_labels: labels, outOfOrderMs } = settings;
      const job = resolveJob(global, config, labels, outOfOrderMs);
      wanted.set(job.job_name, { job, fingerprint: jobFingerprint(job) });
    }
    const stopping: Promise<void>[] = [];
    for (const [name, { fingerprint, pool }] of this.#pools) {
      if (wanted.get(name)?.fingerprint === fingerprint) continue;
      this.#pools.delete(name);
      stopping.push(pool.stop(true));
    }
    // A changed pool's loops have ended before others write the same series.
    await Promise.all(stopping);
    for (const [name, { job, fingerprint }] of wanted) {
      if (this.#pools.has(name)) continue;
      const log = this.#parts.log.child({ pool: name });
      const pool = new ScrapePool(job, { ...this.#parts, log, retired: this.#retired });
      this.#pools.set(name, { fingerprint, pool });
    }
  }

  targets(): TargetReport[] {
    return [...this.#pools.values()].flatMap(({ pool }) => pool.reports());
  }

  /** Ends everything without stale markers, as the next start goes on where this ends. */
  async close(): Promise<void> {
    this.#abort.abort();
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map(({ pool }) => pool.stop(false)));
    await this.#retired.settled();
  }
}
