import type { Labels } from "#shared/model/labels.ts";
import { compileMatchers } from "../../read/matching.ts";
import type { StoreConfig } from "../config.ts";
import type { LogMask } from "../logs/log_mask.ts";
import type { Block } from "../../read/store.ts";

/** How long the log records of a tenant's streams are kept. */
export type LogRetention = {
  /** Milliseconds; of the rule with the highest priority that fits, of several the shortest, else the tenant's own. */
  readonly keepMs: (labels: Labels) => number;
  /** All that there are, ascending. */
  readonly periodsMs: readonly number[];
};

export function logRetention({ retention }: StoreConfig, tenant: string): LogRetention {
  const { logs, log_streams: streams } = retention.tenants[tenant] ?? retention;
  const rules = streams
    .map(({ selector, priority, retention: keepMs }) => ({
      matches: compileMatchers(selector),
      priority,
      keepMs,
    }))
    .toSorted((a, b) => b.priority - a.priority || a.keepMs - b.keepMs);
  const periods = new Set([logs, ...rules.map(({ keepMs }) => keepMs)]);
  return {
    keepMs: (labels) => rules.find(({ matches }) => matches(labels))?.keepMs ?? logs,
    periodsMs: [...periods].toSorted((a, b) => a - b),
  };
}

/** Hides the streams of a block that are past their time with its last record. */
export function retentionMask({ keepMs }: LogRetention, { maxMs }: Block, nowMs: number): LogMask {
  return {
    name: "retention",
    matches: (labels) => maxMs < nowMs - keepMs(labels),
    filters: [],
    run: undefined,
    startNs: -(2n ** 63n),
    endNs: 2n ** 63n - 1n,
  };
}
