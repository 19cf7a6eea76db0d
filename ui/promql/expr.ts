/** How a label is compared. */
export const matchOperators = ["=", "!=", "=~", "!~"] as const;
export type MatchOperator = (typeof matchOperators)[number];

export type Matcher = {
  readonly label: string;
  readonly op: MatchOperator;
  readonly value: string;
};

export type Grouping = {
  readonly mode: "by" | "without";
  readonly labels: readonly string[];
};

/** Which labels decide what belongs together in an operation on two vectors. */
export type Matching = {
  readonly mode: "on" | "ignoring";
  readonly labels: readonly string[];
  /** Many on the left, or on the right, for one on the other side; with labels that are taken over from the one. */
  readonly group:
    | { readonly side: "left" | "right"; readonly labels: readonly string[] }
    | undefined;
};

/** A PromQL expression as a tree; `text` is its piece of the query as written. */
export type Expr = { readonly text: string } & (
  | { readonly kind: "number" }
  | { readonly kind: "string"; readonly value: string }
  | {
      readonly kind: "selector";
      /** Empty where only matchers select. */
      readonly metric: string;
      readonly matchers: readonly Matcher[];
    }
  | { readonly kind: "range"; readonly expr: Expr; readonly range: string }
  | {
      readonly kind: "subquery";
      readonly expr: Expr;
      readonly range: string;
      readonly step: string;
    }
  | { readonly kind: "offset"; readonly expr: Expr; readonly by: string }
  | { readonly kind: "at"; readonly expr: Expr; readonly time: string }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expr[] }
  | {
      readonly kind: "aggregate";
      readonly op: string;
      readonly parameter: Expr | undefined;
      readonly expr: Expr;
      readonly grouping: Grouping | undefined;
    }
  | {
      readonly kind: "binary";
      readonly op: string;
      readonly left: Expr;
      readonly right: Expr;
      readonly bool: boolean;
      readonly matching: Matching | undefined;
    }
  | { readonly kind: "paren"; readonly expr: Expr }
  | { readonly kind: "unary"; readonly op: string; readonly expr: Expr }
);

/** Words, in any case, that PromQL's grammar reads as something else where a name could stand; quoted they are names. */
const reserved =
  /^(?:and|or|unless|atan2|on|ignoring|group_left|group_right|by|without|bool|offset|inf|nan|start|end|step|range|anchored|smoothed|fill|fill_left|fill_right|sum|avg|count|min|max|group|stddev|stdvar|topk|bottomk|limitk|limit_ratio|quantile|count_values)$/i;

/** A label's name, quoted where PromQL wants it. */
export function labelText(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) && !reserved.test(name) ? name : JSON.stringify(name);
}

/** A selector as text; the empty one selects nothing on purpose, and so is empty text. */
export function selectorText(metric: string, matchers: readonly Matcher[]): string {
  const plain = /^[A-Za-z_:][\w:]*$/.test(metric) && !reserved.test(metric);
  const parts = matchers.map(
    ({ label, op, value }) => `${labelText(label)}${op}${JSON.stringify(value)}`,
  );
  if (plain || metric === "") {
    return parts.length === 0 ? metric : `${metric}{${parts.join(", ")}}`;
  }
  return `{${[JSON.stringify(metric), ...parts].join(", ")}}`;
}
