import type { Matcher } from "#shared/model/labels.ts";
import type { LineFilter } from "../source.ts";

/** A log query: streams by label, then lines by content, then records by stream label, severity or structured metadata. */
export type LogQuery = {
  readonly kind: "log";
  readonly matchers: readonly Matcher[];
  readonly lineFilters: readonly LineFilter[];
  readonly labelFilters: readonly Matcher[];
};

export const rangeOps = ["count_over_time", "rate", "bytes_over_time", "bytes_rate"] as const;
export const vectorOps = ["sum", "min", "max", "avg", "count"] as const;
export const arithmeticOps = ["+", "-", "*", "/"] as const;

export type MetricQuery =
  | {
      readonly kind: "range";
      readonly op: (typeof rangeOps)[number];
      readonly log: LogQuery;
      readonly rangeMs: number;
      readonly offsetMs: number;
    }
  | {
      readonly kind: "aggregate";
      readonly op: (typeof vectorOps)[number];
      readonly grouping: { readonly without: boolean; readonly names: readonly string[] };
      readonly of: MetricQuery;
    }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "vector"; readonly value: number }
  | {
      readonly kind: "binary";
      readonly op: (typeof arithmeticOps)[number];
      readonly left: MetricQuery;
      readonly right: MetricQuery;
    };

export type LogqlQuery = LogQuery | MetricQuery;
