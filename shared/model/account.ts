import type { Signal } from "../signals.ts";

/** Why items were dropped, from a closed list; each is documented in docs/loss_account.md. */
export const dropReasons = [
  "spool_full",
  "spool_expired",
  "spool_corrupt",
  "disk_error",
  "sample_limit",
  "series_limit",
  "label_limit",
  "out_of_bounds_timestamp",
  "too_old_sample",
  "duplicate_sample",
  "duplicate_timestamp",
  "invalid_sample",
  "unsupported_histogram",
  "invalid_exemplar",
  "exemplar_label_limit",
  "exemplar_limit",
  "duplicate_exemplar",
  "out_of_order_exemplar",
  "relabel",
  "aggregated",
  "aggregation_late",
  "line_too_long",
  "invalid_record",
  "encoding",
  "rate_limit",
  "processor",
  "sampling",
  "redaction",
  "unparsed",
  "unknown_version",
  "corrupt_frame",
  "undecodable",
  "lost_with_agent",
  "unknown_history",
] as const;
export type DropReason = (typeof dropReasons)[number];
export type Drops = Partial<Record<DropReason, number>>;

/**
 * The loss account of one lane, in items (samples or log records), cumulative over the life of the agent's identity.
 * collected = stored + inFlight + sum(dropped) holds at all times.
 */
export type LaneAccount = {
  readonly agent: string;
  readonly signal: Signal;
  readonly collected: number;
  readonly stored: number;
  readonly inFlight: number;
  /** Drops at the agent and at the aggregator together. */
  readonly dropped: Drops;
};

export function sumDrops(drops: Drops): number {
  return Object.values(drops).reduce((sum, count) => sum + (count ?? 0), 0);
}

/** The reason named by text from outside, or undefined when it is none of ours. */
export function dropReasonOf(text: string): DropReason | undefined {
  return dropReasons.find((reason) => reason === text);
}

/** Both counts, reason by reason. */
export function addDrops(a: Drops, b: Drops): Drops {
  const sum: Drops = { ...a };
  for (const reason of dropReasons) {
    const count = (a[reason] ?? 0) + (b[reason] ?? 0);
    if (count > 0) sum[reason] = count;
  }
  return sum;
}

/** Cumulative counts as last told: what is named in `told` replaces what was known. Unknown reasons are left out. */
export function updateDrops(known: Drops, told: Readonly<Record<string, number>>): Drops {
  const next: Drops = { ...known };
  for (const [text, count] of Object.entries(told)) {
    const reason = dropReasonOf(text);
    if (reason !== undefined) next[reason] = Math.max(next[reason] ?? 0, count);
  }
  return next;
}
