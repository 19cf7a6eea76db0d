import type { z } from "zod";
import type { DropReason } from "#shared/model/account.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import type { Signal } from "#shared/signals.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { ScrapeMemory } from "./scrape_memory.ts";
import type { TargetReport } from "./target_report.ts";
import type { SelfLogTap } from "#shared/runtime/self_log_tap.ts";

/**
 * One way for telemetry to come in. A source knows nothing of disk or network behind it: it is lent all it needs, and the
 * host counts items, restarts it after a failure with back-off, and stops it through `signal`.
 */
export type Source<Type extends string, Config extends z.ZodType> = {
  /** File name, value of `type` in the configuration, and of the label `source` on our own metrics. */
  readonly type: Type;
  /** Options without `type`; `parse({})` gives a working configuration, where a source can begin without being told with what. */
  readonly config: Config;
  /** Runs until context.signal aborts, then flushes what it holds and returns. A throw is a failure: reported, restarted. */
  run(config: z.output<Config>, context: SourceContext): Promise<void>;
  /** Of a source that follows files: which. */
  files?(config: z.output<Config>): FilePatterns;
  /** Of a source that reads bytes: what it would make of these. */
  preview?(
    config: z.output<Config>,
    data: Buffer,
    context: Pick<SourceContext, "clock" | "hostname">,
  ): Iterable<LogsBatch>;
};

/** Globs of absolute paths. */
export type FilePatterns = {
  readonly paths: readonly string[];
  readonly exclude: readonly string[];
};

/** A source's preview with its configuration bound. */
export type LogPreview = (
  data: Buffer,
  context: Pick<SourceContext, "clock" | "hostname">,
) => Iterable<LogsBatch>;

export type SourceContext = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Host name, for labels. */
  readonly hostname: string;
  /** Ticks on the grid of the interval (multiples of it in Unix time); missed ticks are skipped. Yields the time of the reading in Unix ms. Ends on abort. */
  every(intervalMs: number): AsyncIterable<number>;
  /** For large bodies of scrapes, of all sources. */
  readonly scrapeMemory?: ScrapeMemory;
  /** Hand over; resolves when the batch is in the spool's file (not yet synced). The batch must not be touched afterwards. */
  emitMetrics(batch: MetricsBatch): Promise<void>;
  /**
   * `checkpoints` become durable in the same frame as the records: after a crash either both are there or neither.
   * An empty value forgets the key. Nobody holds the batch when this is settled: a source may use its arrays again.
   */
  emitLogs(batch: LogsBatch, checkpoints?: Readonly<Record<string, string>>): Promise<void>;
  /** The last durable value of a checkpoint of this source. */
  checkpoint(key: string): string | undefined;
  /** All durable checkpoints of this source. */
  checkpoints(): ReadonlyMap<string, string>;
  /** Items that were read but will not be stored. */
  drop(signal: Signal, reason: DropReason, items: number): void;
  /** Items that are stored in part: cut at a configured length. A host that has no counter for them leaves it out. */
  truncated?(signal: Signal, items: number): void;
  /** Items that are not of the form that the source expects, stored as they came. A host without a counter for them leaves it out. */
  unparsed?(signal: Signal, items: number): void;
  /** What a source asks for beside its records, such as names of containers, was not answered. A host without a counter leaves it out. */
  lookupFailed?(): void;
  /** Shown in status and UI; undefined clears it. */
  degraded(message: string | undefined): void;
  /** All targets that this source has now, instead of those reported before: for heartbeats, /targets and the API. */
  reportTargets?(targets: readonly TargetReport[]): void;
  /** Whether another source reads this file, so that this one must not. `key`: identity of the file, as its checkpoint has it. */
  isTaken?(path: string, key?: string): boolean;
  /** Version of the source's configuration, where its records are to tell where they come from. */
  readonly provenance?: string;
  /** The lines of this process's own log, where it keeps them. */
  readonly selfLogs?: SelfLogTap;
};

/** Keeps the types of config and run together. */
export function defineSource<Type extends string, Config extends z.ZodType>(
  source: Source<Type, Config>,
): Source<Type, Config> {
  return source;
}
