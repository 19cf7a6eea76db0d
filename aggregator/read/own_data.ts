import type { DecodedMetrics } from "#proto/codec/metrics.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { PatternsCommit } from "./store.ts";

/** Samples and records that have become due, to be appended in this order. */
export type DueData = { readonly metrics: readonly DecodedMetrics[]; readonly logs?: LogsBatch };

/**
 * What the aggregator makes itself of the data that it takes. It is appended and committed as frames are, together with what it follows
 * from: a crash takes both back, so it is stored once, as they are.
 */
export type OwnData = {
  /** Longest time between two calls of due(). */
  readonly intervalMs: number;
  /** What is to be appended now, by tenant. Called in the same tick as freeze(), before it, and in between. */
  due(nowMs: number): readonly { readonly tenant: string; readonly data: DueData }[];
  /** What the cut that is being made has to commit. */
  state(): readonly PatternsCommit[];
};

/** Several, each asked in turn. */
export function ownDataOf(parts: readonly OwnData[]): OwnData {
  return {
    intervalMs: Math.min(...parts.map(({ intervalMs }) => intervalMs)),
    due: (nowMs) => parts.flatMap((part) => part.due(nowMs)),
    state: () => parts.flatMap((part) => part.state()),
  };
}
