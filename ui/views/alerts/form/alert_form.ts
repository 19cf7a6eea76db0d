import type { Matcher } from "../../../promql/expr.ts";

export const comparisons = [">", ">=", "<", "<=", "==", "!="] as const;
export type Comparison = (typeof comparisons)[number];

/** How the samples of one series become a value. */
export const readings = ["value", "average", "highest", "lowest", "rate"] as const;
export type Reading = (typeof readings)[number];

/** How series become fewer. */
export const groupings = ["each", "sum", "avg", "max", "min"] as const;
export type GroupingOp = (typeof groupings)[number];

/** What is measured: a metric's series, how their samples are read, and how series are put together. */
export type Measure = {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  readonly reading: Reading;
  /** Of readings over time: a duration such as "5m". */
  readonly window: string;
  readonly grouping: GroupingOp;
  /** One value for each of their values; none for a single one. */
  readonly by: readonly string[];
};

/** How several alerts make one. */
export const joinings = ["and", "or", "quorum"] as const;
export type Joining = (typeof joinings)[number];

/** Another alert, or that it does not fire. */
export type AlertPart = { readonly name: string; readonly isNegated: boolean };

/** An alert that is built without a query language. Numbers and durations are texts, as they are written. */
export type AlertForm =
  | {
      readonly kind: "threshold";
      readonly measure: Measure;
      readonly op: Comparison;
      readonly value: string;
    }
  | {
      readonly kind: "change";
      readonly measure: Measure;
      /** How far back: a duration. */
      readonly against: string;
      readonly direction: "up" | "down" | "either";
      readonly percent: string;
    }
  | {
      readonly kind: "absence";
      readonly measure: Measure;
      readonly window: string;
      /** Each series that ends, or all of them. */
      readonly of: "each" | "all";
    }
  | {
      readonly kind: "log_rate";
      /** Conditions on labels of streams. */
      readonly matchers: readonly Matcher[];
      /** How lines are found: by a text, or by a pattern such as `<_> failed`. */
      readonly find: "text" | "pattern";
      readonly text: string;
      readonly window: string;
      readonly by: readonly string[];
      readonly op: Comparison;
      readonly value: string;
    }
  | {
      readonly kind: "forecast";
      readonly measure: Measure;
      /** From how much of the past the line is drawn. */
      readonly basis: string;
      readonly within: string;
      readonly op: Comparison;
      readonly value: string;
    }
  | {
      readonly kind: "outlier";
      readonly measure: Measure;
      /** Peers have the same values of these labels; without any all series are peers. */
      readonly peers: readonly string[];
      readonly percent: string;
    }
  | {
      readonly kind: "composite";
      readonly parts: readonly AlertPart[];
      readonly joining: Joining;
      /** Of a quorum: how many must fire. */
      readonly quorum: string;
      /** Alerts belong together where they share the values of these labels. */
      readonly by: readonly string[];
    };
export type FormKind = AlertForm["kind"];

export const formKinds = [
  "threshold",
  "change",
  "absence",
  "log_rate",
  "forecast",
  "outlier",
  "composite",
] as const satisfies readonly FormKind[];

export const emptyMeasure: Measure = {
  metric: "",
  matchers: [],
  reading: "value",
  window: "5m",
  grouping: "each",
  by: [],
};

/** A form of a kind to begin with; what is measured is taken along. */
export function emptyForm(kind: FormKind, measure: Measure = emptyMeasure): AlertForm {
  const forms: { readonly [Kind in FormKind]: Extract<AlertForm, { kind: Kind }> } = {
    threshold: { kind: "threshold", measure, op: ">", value: "" },
    change: { kind: "change", measure, against: "1d", direction: "either", percent: "50" },
    absence: { kind: "absence", measure, window: "10m", of: "each" },
    log_rate: {
      kind: "log_rate",
      matchers: [],
      find: "text",
      text: "",
      window: "5m",
      by: [],
      op: ">",
      value: "0",
    },
    forecast: { kind: "forecast", measure, basis: "6h", within: "4h", op: "<", value: "0" },
    outlier: { kind: "outlier", measure, peers: [], percent: "50" },
    composite: { kind: "composite", parts: [], joining: "and", quorum: "2", by: [] },
  };
  return forms[kind];
}
