import type { DropReason } from "#shared/model/account.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import type { Signal } from "#shared/signals.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { WhenFull } from "../../spool/when_full.ts";

/** What senders attach that is not stored. */
export type NotStoredKind =
  | "text_field"
  | "duplicate_entry"
  | "line_end"
  | "timestamp"
  | "tag"
  | "other_signal";

/** Why a connection was not taken, or was closed. */
export type ConnectionRefusal = "too_many" | "credentials" | "malformed" | "memory";

/** Where a receiver's items go, and where it counts what does not. */
export type ReceiverOutput = {
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * Resolves when the batch is in the spool's file. Throws OperatingError("unavailable") when the spool did not take all of
   * it: the sender is then asked to come again. The batch must not be touched afterwards.
   */
  emitMetrics(batch: MetricsBatch): Promise<void>;
  /**
   * As emitMetrics(); StoredInPartError where the spool took the first records only. With "wait" it waits for room, for as long as that takes: for
   * senders that can't come again, whose connection is read no further.
   */
  emitLogs(batch: LogsBatch, whenFull?: WhenFull): Promise<void>;
  /** Items that were received but will not be stored. */
  drop(signal: Signal, reason: DropReason, items: number): void;
  /** Parts of items that were received but are not kept. */
  notStored(kind: NotStoredKind, count: number): void;
  refusedConnection(reason: ConnectionRefusal): void;
};
