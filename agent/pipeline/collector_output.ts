import type { DropReason } from "#shared/model/account.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import type { Signal } from "#shared/signals.ts";
import type { Patience } from "../spool/when_full.ts";
import type { ProcessorList } from "./processors/config.ts";

/** Where records of logs go. `whenFull` is "wait" where it is not given. */
export type LogsOutput = {
  logs(
    batch: LogsBatch,
    checkpoints: Readonly<Record<string, string>>,
    whenFull?: Patience,
  ): Promise<number>;
};

/** What collection hands its batches to: the pipeline and the spool behind it. Both tell how many items the spool has taken. */
export type CollectorOutput = {
  metrics(batch: MetricsBatch): Promise<number>;
  logs(
    batch: LogsBatch,
    checkpoints: Readonly<Record<string, string>>,
    whenFull?: Patience,
  ): Promise<number>;
  drop(signal: Signal, reason: DropReason, items: number): void;
  /** The same for logs, through processors of their own, which live as long as what it gives. */
  through?(processors: ProcessorList): LogsOutput;
  /** Durable checkpoints of all sources, keys as given to logs(). */
  checkpoints(): ReadonlyMap<string, string>;
};
