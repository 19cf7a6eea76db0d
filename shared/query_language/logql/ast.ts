import type { Matcher } from "#shared/model/labels.ts";

/** A log query: streams by label, then a pipeline that each of their records goes through. */
export type LogQuery = {
  readonly kind: "log";
  readonly matchers: readonly Matcher[];
  readonly stages: readonly Stage[];
};

/** `|>` and `!>` take patterns such as `<_> took <_>`; the others as in selectors, but not anchored. */
export const lineOps = ["|=", "!=", "|~", "!~", "|>", "!>"] as const;
export type LineOp = (typeof lineOps)[number];

/** What a line filter looks for: a text (regular expression, pattern), or an IP address, range or network. */
export type LineMatch = { readonly kind: "text" | "ip"; readonly value: string };

export type CompareOp = "==" | "!=" | ">" | ">=" | "<" | "<=";

/** Conditions on labels. Durations are nanoseconds as Go has them, sizes bytes. */
export type LabelFilter =
  | { readonly kind: "matcher"; readonly matcher: Matcher }
  | {
      readonly kind: "number" | "duration" | "bytes";
      readonly name: string;
      readonly op: CompareOp;
      readonly value: number;
    }
  | { readonly kind: "ip"; readonly name: string; readonly op: "=" | "!="; readonly value: string }
  | { readonly kind: "and" | "or"; readonly left: LabelFilter; readonly right: LabelFilter };

/** `label="expression"` of json and logfmt; the expression is the label's name where none is written. */
export type Extraction = { readonly label: string; readonly expression: string };

export type LabelFormat =
  | { readonly kind: "rename"; readonly label: string; readonly source: string }
  | { readonly kind: "template"; readonly label: string; readonly template: string };

/** A label that drop and keep name, with the condition on its value where there is one. */
export type LabelChoice = { readonly name: string; readonly matcher?: Matcher };

export type Stage =
  | { readonly type: "line_filter"; readonly op: LineOp; readonly matches: readonly LineMatch[] }
  | { readonly type: "json"; readonly extractions: readonly Extraction[] }
  | {
      readonly type: "logfmt";
      readonly strict: boolean;
      readonly keepEmpty: boolean;
      readonly extractions: readonly Extraction[];
    }
  | { readonly type: "regexp" | "pattern"; readonly pattern: string }
  | { readonly type: "unpack" | "decolorize" }
  | { readonly type: "label_filter"; readonly filter: LabelFilter }
  | { readonly type: "line_format"; readonly template: string }
  | { readonly type: "label_format"; readonly formats: readonly LabelFormat[] }
  | { readonly type: "drop" | "keep"; readonly labels: readonly LabelChoice[] };

export const rangeOps = [
  "count_over_time",
  "rate",
  "rate_counter",
  "bytes_over_time",
  "bytes_rate",
  "avg_over_time",
  "sum_over_time",
  "min_over_time",
  "max_over_time",
  "stdvar_over_time",
  "stddev_over_time",
  "quantile_over_time",
  "first_over_time",
  "last_over_time",
  "absent_over_time",
] as const;
export type RangeOp = (typeof rangeOps)[number];

export const vectorOps = [
  "sum",
  "avg",
  "count",
  "max",
  "min",
  "stddev",
  "stdvar",
  "bottomk",
  "topk",
  "approx_topk",
  "sort",
  "sort_desc",
] as const;
export type VectorOp = (typeof vectorOps)[number];

export type Grouping = { readonly without: boolean; readonly names: readonly string[] };

export const conversions = ["bytes", "duration", "duration_seconds"] as const;
export type Unwrap = {
  readonly label: string;
  readonly conversion?: (typeof conversions)[number];
  /** What stands after the unwrap: conditions alone. */
  readonly filters: readonly LabelFilter[];
};

export type BinaryOp = "or" | "and" | "unless" | CompareOp | "+" | "-" | "*" | "/" | "%" | "^";

/** Which series of two sides meet; without `on` or `ignoring` those whose labels are all equal. */
export type VectorMatching = {
  readonly on: boolean;
  readonly labels: readonly string[];
  readonly group: "none" | "left" | "right";
  readonly include: readonly string[];
};

export type RangeQuery = {
  readonly kind: "range";
  readonly op: RangeOp;
  /** Of quantile_over_time alone. */
  readonly param?: number;
  readonly log: LogQuery;
  readonly unwrap?: Unwrap;
  readonly rangeMs: number;
  readonly offsetMs: number;
  readonly grouping?: Grouping;
};

export type MetricQuery =
  | RangeQuery
  | {
      readonly kind: "aggregate";
      readonly op: VectorOp;
      /** Of topk, bottomk and approx_topk alone. */
      readonly param?: number;
      readonly grouping?: Grouping;
      readonly of: MetricQuery;
    }
  | { readonly kind: "number" | "vector"; readonly value: number }
  | {
      readonly kind: "binary";
      readonly op: BinaryOp;
      readonly bool: boolean;
      readonly matching: VectorMatching;
      readonly left: MetricQuery;
      readonly right: MetricQuery;
    }
  | {
      readonly kind: "label_replace";
      readonly of: MetricQuery;
      readonly target: string;
      readonly replacement: string;
      readonly source: string;
      readonly regex: string;
    }
  | VariantsQuery;

/** `variants(a, b) of ({...} | json [5m])`: several metrics of the same lines. */
export type VariantsQuery = {
  readonly kind: "variants";
  readonly variants: readonly MetricQuery[];
  readonly of: Pick<RangeQuery, "log" | "rangeMs" | "offsetMs" | "unwrap">;
};

export type LogqlQuery = LogQuery | MetricQuery;
