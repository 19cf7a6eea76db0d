import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { DiscoveryContext, TargetGroup } from "../discovery/discovery.ts";
import { discoveries } from "../discovery/registry.ts";
import type { Job } from "./job.ts";
import { SharedLines } from "./shared_lines.ts";
import { ScrapeScratch } from "./scrape_scratch.ts";
import { ScrapeLoop, type ScrapeOutput } from "./scrape_loop.ts";
import type { TargetReport } from "../target_report.ts";
import { type Target, buildTarget, shownLabels } from "./target.ts";
import type { RetiredLoops } from "./retired_loops.ts";

/** Dropped targets beyond this are not reported, as a broad discovery may find any number. */
const droppedReportsMax = 1_000;
const restartMs = 5_000;

type PoolParts = {
  readonly output: ScrapeOutput;
  readonly log: Logger;
  readonly retired: RetiredLoops;
  readonly nameServers?: readonly string[];
};

/** The targets of one scrape config: runs its discoveries, and starts and stops loops as targets come and go. */
export class ScrapePool {
  readonly job: Job;
  readonly #parts: PoolParts;
  readonly #abort = new AbortController();
  readonly #loops = new Map<string, ScrapeLoop>();
  /** Of each discovery, what it told last. */
  readonly #groups: (readonly TargetGroup[])[] = [];
  readonly #running: Promise<void>[] = [];
  #dropped: readonly TargetReport[] = [];
  /** Of all loops. */
  readonly #scratch = new ScrapeScratch();
  readonly #lines = new SharedLines();

  constructor(job: Job, parts: PoolParts) {
    this.job = job;
    this.#parts = parts;
    for (const config of job.static_configs) {
      this.#discover((context) => discoveries.static.run(config, context));
    }
    for (const config of job.file_sd_configs) {
      this.#discover((context) => discoveries.file.run(config, context));
    }
    for (const config of job.http_sd_configs) {
      this.#discover((context) => discoveries.http.run(config, context));
    }
    for (const config of job.dns_sd_configs) {
      this.#discover((context) => discoveries.dns.run(config, context));
    }
  }

  reports(): TargetReport[] {
    return [...[...this.#loops.values()].map((loop) => loop.report), ...this.#dropped];
  }

  /** Ends discovery and loops. `isGone`: the targets' series end, unless another pool goes on with them. */
  async stop(isGone: boolean): Promise<void> {
    this.#abort.abort();
    const loops = [...this.#loops.values()];
    this.#loops.clear();
    for (const loop of loops) if (isGone) this.#parts.retired.add(loop);
    await Promise.all([...this.#running, ...loops.map((loop) => loop.stop())]);
  }

  #discover(run: (context: DiscoveryContext) => Promise<void>): void {
    const place = this.#groups.push([]) - 1;
    const { output, log, nameServers } = this.#parts;
    const { signal } = this.#abort;
    const context: DiscoveryContext = {
      clock: output.clock,
      log,
      signal,
      update: (groups) => {
        if (signal.aborted) return;
        this.#groups[place] = groups;
        this.#sync();
      },
      ...(nameServers === undefined ? {} : { nameServers }),
    };
    this.#running.push(this.#keepRunning(() => run(context)));
  }

  async #keepRunning(run: () => Promise<void>): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        await run();
      } catch (thrown) {
        this.#parts.log.error("discovery failed, will be restarted", { error: messageOf(thrown) });
      }
      await this.#parts.output.clock.sleep(restartMs, signal);
    }
  }

  /** Makes the loops be those of the targets that are there now; unchanged targets go on undisturbed. */
  #sync(): void {
    const { retired, output } = this.#parts;
    const wanted = this.#wanted();
    for (const [key, loop] of this.#loops) {
      if (wanted.has(key)) continue;
      this.#loops.delete(key);
      retired.add(loop);
      void loop.stop();
    }
    for (const [key, target] of wanted) {
      if (this.#loops.has(key)) continue;
      const carried = retired.takeOver(target);
      this.#loops.set(
        key,
        new ScrapeLoop(target, this.job, output, carried, this.#scratch, this.#lines),
      );
    }
    const limit = this.job.target_limit;
    const error =
      limit > 0 && wanted.size > limit
        ? `target_limit exceeded: ${wanted.size} targets over a limit of ${limit}`
        : undefined;
    for (const loop of this.#loops.values()) loop.forcedError = error;
    output.changed();
  }

  #wanted(): Map<string, Target> {
    const wanted = new Map<string, Target>();
    const dropped: TargetReport[] = [];
    for (const group of this.#groups.flat()) {
      for (const target of group.targets) {
        const built = buildTarget(this.job, { ...group.labels, ...target });
        if (built.kind === "target") wanted.set(built.target.key, built.target);
        else if (dropped.length < droppedReportsMax) {
          dropped.push(this.#droppedReport(built.discoveredLabels, built.reason));
        }
      }
    }
    this.#dropped = dropped;
    return wanted;
  }

  #droppedReport(discoveredLabels: Labels, reason: string): TargetReport {
    return {
      pool: this.job.job_name,
      url: "",
      labels: {},
      discoveredLabels: shownLabels(discoveredLabels),
      health: "dropped",
      lastError: reason,
      lastScrapeMs: 0,
      lastDurationSeconds: 0,
      intervalMs: this.job.intervalMs,
      timeoutMs: this.job.timeoutMs,
      samples: 0,
    };
  }
}
