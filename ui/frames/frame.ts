import type { FieldOptions } from "#shared/dashboards/dashboard.ts";
import type { Labels } from "#shared/model/labels.ts";

/** What a column holds. Times are Unix milliseconds. */
export type FieldType = "time" | "number" | "string" | "boolean" | "other";

/** A column. Times and numbers are typed arrays, in which NaN is no value: a gap stays a gap. */
export type Field = {
  readonly name: string;
  readonly type: FieldType;
  readonly labels: Labels;
  readonly values: Float64Array | readonly unknown[];
  /** Of the panel, with its overrides applied. Empty where the frame comes from a query alone. */
  readonly options: FieldOptions;
};

/**
 * An answer as columns of one length: a series is a time and a number field, a table any fields. Queries make them,
 * transformations turn them into others, panels draw them, exports write them.
 */
export type Frame = {
  /** The query it comes from: "A". */
  readonly ref: string;
  readonly name: string;
  readonly length: number;
  readonly fields: readonly Field[];
  /** What is to be said about it: warnings of the aggregator, limits that were reached. */
  readonly notices: readonly string[];
};
