import type { Grouping, Matcher, Matching } from "./expr.ts";
import { labelText, selectorText } from "./expr.ts";

/** A query as blocks: what is selected, then what is done with it, one after another. */
export type BuilderQuery = {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** "1h" back in time; empty for none. */
  readonly offset: string;
  readonly operations: readonly Operation[];
};

/** One step. `range` and `number` parameters are kept as they are written. */
export type Operation =
  | {
      /** A function over a range: rate, increase, quantile_over_time. */
      readonly kind: "over_time";
      readonly name: string;
      readonly range: string;
      /** Its other arguments, before or after the range as the function wants. */
      readonly parameters: readonly string[];
    }
  | { readonly kind: "function"; readonly name: string; readonly parameters: readonly string[] }
  | {
      readonly kind: "aggregate";
      readonly op: string;
      readonly parameter: string;
      readonly grouping: Grouping | undefined;
    }
  | {
      /** With a number, on the right or on the left. */
      readonly kind: "math";
      readonly op: string;
      readonly number: string;
      readonly side: "left" | "right";
      readonly bool: boolean;
    }
  | {
      /** With another query on the right. */
      readonly kind: "binary";
      readonly op: string;
      readonly right: BuilderQuery;
      readonly bool: boolean;
      readonly matching: Matching | undefined;
    };

export const emptyQuery: BuilderQuery = { metric: "", matchers: [], offset: "", operations: [] };

/** The blocks as PromQL; empty text while nothing is selected. */
export function builderText(query: BuilderQuery): string {
  const selector = selectorText(query.metric, query.matchers);
  if (selector === "") return "";
  const offset = query.offset === "" ? "" : ` offset ${query.offset}`;
  const [first, ...rest] = query.operations;
  let written: Written;
  if (first?.kind === "over_time") {
    written = atom(callText(first.name, `${selector}[${first.range}]${offset}`, first.parameters));
  } else {
    written = atom(`${selector}${offset}`);
    if (first !== undefined) written = applied(written, first);
  }
  return rest.reduce(applied, written).text;
}

/** `open` needs parentheses where it becomes an operand. */
type Written = { readonly text: string; readonly open: boolean };

function atom(text: string): Written {
  return { text, open: false };
}

function applied(on: Written, operation: Operation): Written {
  switch (operation.kind) {
    case "over_time":
      // Over the result of other steps only a subquery has a range.
      return atom(
        callText(operation.name, `${operand(on)}[${operation.range}:]`, operation.parameters),
      );
    case "function":
      return atom(callText(operation.name, on.text, operation.parameters));
    case "aggregate":
      return atom(aggregateText(operation, on.text));
    case "math": {
      const { op, number, side } = operation;
      const bool = operation.bool ? " bool" : "";
      const text =
        side === "right"
          ? `${operand(on)} ${op}${bool} ${number}`
          : `${leftNumber(number)} ${op}${bool} ${operand(on)}`;
      return { text, open: true };
    }
    case "binary": {
      const { op, bool, matching, right } = operation;
      const other = builderText(right);
      // Half a block is no query yet: what is there already stays.
      if (other === "") return on;
      const isOpen = lastOpen(right);
      const clause = `${op}${bool ? " bool" : ""}${matchingText(matching)}`;
      return { text: `${operand(on)} ${clause} ${isOpen ? `(${other})` : other}`, open: true };
    }
  }
}

/** A sign binds less than a power: -1 ^ x is -(1 ^ x). */
function leftNumber(number: string): string {
  return /^[+-]/.test(number) ? `(${number})` : number;
}

function operand({ text, open }: Written): string {
  return open ? `(${text})` : text;
}

function lastOpen({ operations }: BuilderQuery): boolean {
  const last = operations.at(-1);
  return last?.kind === "math" || last?.kind === "binary";
}

/** Functions whose numbers come before the vector. */
const vectorLast = new Set(["histogram_quantile", "quantile_over_time", "histogram_fraction"]);

export function isVectorLast(name: string): boolean {
  return vectorLast.has(name);
}

function callText(name: string, vector: string, parameters: readonly string[]): string {
  const args = isVectorLast(name) ? [...parameters, vector] : [vector, ...parameters];
  return `${name}(${args.join(", ")})`;
}

function aggregateText(
  { op, parameter, grouping }: Operation & { readonly kind: "aggregate" },
  on: string,
): string {
  const clause =
    grouping === undefined
      ? ""
      : ` ${grouping.mode} (${grouping.labels.map(labelText).join(", ")})`;
  const gap = clause === "" ? "" : " ";
  return `${op}${clause}${gap}(${parameter === "" ? "" : `${parameter}, `}${on})`;
}

function matchingText(matching: Matching | undefined): string {
  if (matching === undefined) return "";
  const { mode, labels, group } = matching;
  const grouped =
    group === undefined ? "" : ` group_${group.side}(${group.labels.map(labelText).join(", ")})`;
  return ` ${mode}(${labels.map(labelText).join(", ")})${grouped}`;
}
