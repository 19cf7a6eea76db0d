import type { Counter } from "prom-client";
import type { SelfLogTap } from "#shared/runtime/self_log_tap.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import { unlessAborted } from "#shared/async/unless_aborted.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { CollectorOutput, LogsOutput } from "../pipeline/collector_output.ts";
import type { ProcessorList } from "../pipeline/processors/config.ts";
import { handOver, isHeldBy, noLines } from "./hand_over.ts";
import type { ScrapeMemory } from "./scrape_memory.ts";
import type { TargetReport } from "./target_report.ts";
import type { BoundFiles } from "./sources/binder.ts";
import { withProvenance } from "./sources/provenance.ts";
import type { LogPreview, SourceContext } from "./source.ts";
import { ticks } from "./ticks.ts";

/** One source with its configuration bound. */
export type RunnableSource = {
  readonly type: string;
  /** Distinguishes two of the same type and stays the same over restarts: scopes checkpoints. */
  readonly name: string;
  /** Canonical configuration text; a reload restarts the source only when it differs. */
  readonly fingerprint: string;
  /** What its log records go through before those of all sources. */
  readonly processors?: ProcessorList;
  /** Version of its configuration, where its records are to tell where they come from. */
  readonly provenance?: string;
  /** What it would make of bytes, where it reads some. */
  readonly preview?: LogPreview;
  /** Of a source that follows files. */
  readonly files?: BoundFiles;
  /** Of such a source: whether another one reads this file. */
  readonly isTaken?: (path: string) => boolean;
  /** Names of sources that may read files under names that they have no glob for: they are theirs as long as they hold a position in them. */
  readonly heldBy?: readonly string[];
  run(context: SourceContext): Promise<void>;
};

export type SourceReport = {
  readonly type: string;
  readonly state: "running" | "degraded" | "stopped";
  readonly message: string;
  readonly items: number;
};

type CollectorParts = {
  readonly output: CollectorOutput;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  readonly hostname: string;
  readonly selfLogs: SelfLogTap;
  /** Sees the host's own metrics as they are collected, with the monotonic time of it, and changes nothing. */
  readonly scrapeMemory?: ScrapeMemory;
  readonly hostTick?: (batch: MetricsBatch, readMs: number) => void;
};

type RunningParts = CollectorParts & {
  readonly meters: {
    readonly starts: Counter<"source">;
    readonly items: Counter<"source">;
    readonly truncated: Counter<"source">;
    readonly unparsed: Counter<"source">;
    readonly lookupsFailed: Counter<"source">;
  };
};

/** Positions moved in one batch; each is told twice, and they must fit a frame. */
const movesInBatch = 400;
const restartMinMs = 1_000;
const restartMaxMs = 60_000;

/** Runs sources, restarts those that fail, counts what they hand over, and knows how they are. */
export class Collector {
  readonly #parts: RunningParts;
  readonly #running = new Map<string, RunningSource>();
  #applied: Promise<void> = Promise.resolve();
  #handedOver: Promise<void> = Promise.resolve();

  constructor(parts: CollectorParts) {
    const meters = {
      starts: parts.metrics.counter(
        "lapwing_source_starts_total",
        "Sources that were started: at the agent's start, and those whose configuration is another after a reload.",
        ["source"],
      ),
      items: parts.metrics.counter(
        "lapwing_source_items_total",
        "Samples and records of a source that the spool has taken.",
        ["source"],
      ),
      truncated: parts.metrics.counter(
        "lapwing_source_truncated_items_total",
        "Items that are stored in part, such as lines cut at line_size_max.",
        ["source"],
      ),
      unparsed: parts.metrics.counter(
        "lapwing_source_unparsed_items_total",
        "Items that a source stored as they came, because they are not of the form that it expects.",
        ["source"],
      ),
      lookupsFailed: parts.metrics.counter(
        "lapwing_source_lookup_failures_total",
        "Answers that a source did not get, or not in a form that it knows, of what it asks beside its items.",
        ["source"],
      ),
    };
    this.#parts = { ...parts, meters };
  }

  /** Starts, stops and restarts what differs from before; the rest runs on. Calls take effect one after the other, in their order. */
  async apply(wanted: readonly RunnableSource[]): Promise<void> {
    const before = this.#applied;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#applied = promise;
    await before;
    try {
      await this.#change(wanted);
    } finally {
      resolve();
    }
  }

  async #change(wanted: readonly RunnableSource[]): Promise<void> {
    const names = new Map(wanted.map((source) => [source.name, source]));
    const gone = [...this.#running.values()].filter(
      (running) => names.get(running.source.name)?.fingerprint !== running.source.fingerprint,
    );
    await Promise.all(gone.map((running) => running.stop()));
    for (const running of gone) this.#running.delete(running.source.name);
    const fresh = wanted.filter(({ name }) => !this.#running.has(name));
    if (fresh.length === 0 && gone.length === 0) return;
    await this.#handedOver;
    this.#handedOver = this.#handOver(wanted);
    for (const source of fresh)
      this.#running.set(source.name, new RunningSource(source, this.#parts, this.#handedOver));
  }

  /**
   * Positions in files go to the sources that read them now, while nobody does. A spool without room takes them late: sources of files
   * wait for that.
   */
  async #handOver(wanted: readonly RunnableSource[]): Promise<void> {
    const { output, log } = this.#parts;
    const moves = handOver(output.checkpoints(), wanted);
    try {
      for (let at = 0; at < moves.length; at += movesInBatch)
        await output.logs(noLines(), Object.fromEntries(moves.slice(at, at + movesInBatch)));
    } catch (thrown) {
      log.warn("positions in files are not handed over", { error: messageOf(thrown) });
    }
  }

  sources(): SourceReport[] {
    return [...this.#running.values()].map((running) => running.report);
  }

  targets(): TargetReport[] {
    return [...this.#running.values()].flatMap((running) => running.targets);
  }

  async stop(): Promise<void> {
    await this.apply([]);
  }
}

class RunningSource {
  readonly source: RunnableSource;
  readonly #parts: RunningParts;
  readonly #handedOver: Promise<void>;
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;
  targets: readonly TargetReport[] = [];
  #items = 0;
  #degraded: string | undefined;
  #failed: string | undefined;

  /** Reads no file before `handedOver`. */
  constructor(source: RunnableSource, parts: RunningParts, handedOver: Promise<void>) {
    this.source = source;
    this.#parts = parts;
    this.#handedOver = handedOver;
    parts.meters.starts.inc({ source: source.type });
    this.#done = this.#loop();
  }

  get report(): SourceReport {
    const message = this.#failed ?? this.#degraded;
    const state = message === undefined ? "running" : "degraded";
    return { type: this.source.type, state, message: message ?? "", items: this.#items };
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  async #loop(): Promise<void> {
    const { signal } = this.#abort;
    const { clock, log } = this.#parts;
    let waitMs = restartMinMs;
    if (this.source.files !== undefined) await unlessAborted(this.#handedOver, signal);
    while (!signal.aborted) {
      const startedMs = clock.monotonic();
      try {
        await this.source.run(this.#context());
        if (signal.aborted) return;
        this.#failed = "ended by itself";
      } catch (thrown) {
        // A spool without room lets go of its writers at the end.
        if (signal.aborted && thrown instanceof OperatingError && thrown.code === "cancelled")
          return;
        this.#failed = messageOf(thrown);
      }
      log.warn("source failed, will be restarted", {
        source: this.source.name,
        error: this.#failed,
      });
      if (clock.monotonic() - startedMs > restartMaxMs) waitMs = restartMinMs;
      await clock.sleep(waitMs, signal);
      waitMs = Math.min(waitMs * 2, restartMaxMs);
    }
  }

  #context(): SourceContext {
    const { clock, log, hostname, output, selfLogs, meters, hostTick, scrapeMemory } = this.#parts;
    const label = { source: this.source.type };
    const { signal } = this.#abort;
    const prefix = `${this.source.name}/`;
    const checkpoints = () => ownCheckpoints(output.checkpoints(), prefix);
    const { processors, provenance } = this.source;
    const { isTaken, heldBy = [] } = this.source;
    const logs: LogsOutput =
      processors === undefined || processors.bound.length === 0
        ? output
        : (output.through?.(processors) ?? output);
    const took = (items: number) => {
      this.#items += items;
      meters.items.inc(label, items);
      this.#failed = undefined;
    };
    return {
      clock,
      log: log.child({ source: this.source.name }),
      signal,
      hostname,
      selfLogs,
      ...(scrapeMemory === undefined ? {} : { scrapeMemory }),
      ...(provenance === undefined ? {} : { provenance }),
      ...(isTaken === undefined
        ? {}
        : {
            isTaken: (path, key) =>
              key === undefined ? isTaken(path) : isHeldBy(output.checkpoints(), heldBy, key),
          }),
      every: (intervalMs) => ticks(intervalMs, clock, signal),
      emitMetrics: async (batch) => {
        if (this.source.type === "host_metrics") hostTick?.(batch, clock.monotonic());
        took(await output.metrics(batch));
      },
      emitLogs: async (batch, own = {}) => {
        const scoped = Object.entries(own).map(([key, value]) => [prefix + key, value] as const);
        const told = provenance === undefined ? batch : withProvenance(batch, hostname, provenance);
        took(await logs.logs(told, Object.fromEntries(scoped)));
      },
      checkpoint: (key) => output.checkpoints().get(prefix + key),
      checkpoints,
      drop: (of, reason, items) => output.drop(of, reason, items),
      truncated: (_signal, items) => meters.truncated.inc(label, items),
      unparsed: (_signal, items) => meters.unparsed.inc(label, items),
      lookupFailed: () => meters.lookupsFailed.inc(label),
      degraded: (message) => {
        this.#degraded = message;
      },
      reportTargets: (targets) => {
        this.targets = targets;
      },
    };
  }
}

function ownCheckpoints(all: ReadonlyMap<string, string>, prefix: string): Map<string, string> {
  const own = new Map<string, string>();
  for (const [key, value] of all)
    if (key.startsWith(prefix)) own.set(key.slice(prefix.length), value);
  return own;
}
