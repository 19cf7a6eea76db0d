import type { StoredSignal } from "./blocks/signals/stored_signal.ts";
import type { SignalHead } from "./read/head.ts";

/** All that an aggregator needs of a signal that is not built in. */
export type AggregatorSignal = {
  /** Its recent items, in memory; of one aggregator. */
  readonly head: SignalHead;
  /** Its blocks. */
  readonly stored: StoredSignal;
};
