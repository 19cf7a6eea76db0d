import type { Expr, Grouping, Matcher, Matching } from "./expr.ts";
import { aggregations, instantFunctions, operatorWords, rangeFunctions } from "./functions.ts";

/** One step of an expression, said in words. */
export type ExplainedPart = {
  /** The piece of the query, which can be asked by itself unless it is a range. */
  readonly text: string;
  readonly words: string;
  /** Whether it is an answer by itself, so that its intermediate result can be shown. */
  readonly asks: boolean;
  /** How deep in operands on the right side of an operation it stands. */
  readonly depth: number;
};

/** An expression in words, in the order it is computed: what is selected first, what is done last at the end. */
export function explain(expr: Expr): readonly ExplainedPart[] {
  return partsOf(expr, 0);
}

/** The same as one sentence. */
export function explainInWords(expr: Expr): string {
  const text = partsOf(expr, 0)
    .filter(({ depth }) => depth === 0)
    .map(({ words }) => words)
    .join(", then ");
  return text === "" ? "" : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function partsOf(expr: Expr, depth: number): ExplainedPart[] {
  const part = (words: string, asks = true): ExplainedPart => ({
    text: expr.text,
    words,
    asks,
    depth,
  });
  switch (expr.kind) {
    case "number":
      return [part(`the number ${expr.text}`)];
    case "string":
      return [part(`the text ${expr.text}`, false)];
    case "selector":
      return [part(selectorWords(expr.metric, expr.matchers))];
    case "paren":
      return partsOf(expr.expr, depth);
    case "range":
      return partsOf(expr.expr, depth);
    case "subquery":
      return [
        ...partsOf(expr.expr, depth),
        part(`evaluated ${stepWords(expr.step)} through the last ${spanWords(expr.range)}`, false),
      ];
    case "offset":
      return [...partsOf(expr.expr, depth), part(offsetWords(expr.by), !isRange(expr.expr))];
    case "at":
      return [...partsOf(expr.expr, depth), part(`at the fixed time ${expr.time}`, false)];
    case "unary":
      return expr.op === "-"
        ? [...partsOf(expr.expr, depth), part("with the sign changed")]
        : partsOf(expr.expr, depth);
    case "call":
      return callParts(expr, depth, part);
    case "aggregate":
      return [
        ...partsOf(expr.expr, depth),
        part(aggregateWords(expr.op, expr.parameter?.text ?? "", expr.grouping)),
      ];
    case "binary":
      return binaryParts(expr, depth, part);
  }
}

function callParts(
  expr: Expr & { readonly kind: "call" },
  depth: number,
  part: (words: string) => ExplainedPart,
): ExplainedPart[] {
  const vectors = expr.args.filter((arg) => !isLiteral(arg));
  const literals = expr.args.filter(isLiteral).map(({ text }) => text);
  const [first, ...others] = vectors;
  const known = rangeFunctions[expr.name] ?? instantFunctions[expr.name];
  const words = known === undefined ? `through ${expr.name}()` : known.words;
  const range = first === undefined ? "" : spanWords(rangeIn(first));
  return [
    ...(first === undefined ? [] : partsOf(first, depth)),
    ...others.flatMap((other) => partsOf(other, depth + 1)),
    part(filled(words, literals, range)),
  ];
}

function binaryParts(
  expr: Expr & { readonly kind: "binary" },
  depth: number,
  part: (words: string) => ExplainedPart,
): ExplainedPart[] {
  const { op, left, right, bool, matching } = expr;
  const verb = operatorWords[op] ?? op;
  const outcome = bool ? ", as 1 or 0" : "";
  const [leftNumber, rightNumber] = [isNumber(left), isNumber(right)];
  if (rightNumber) {
    const before = leftNumber ? [] : partsOf(left, depth);
    return [...before, part(`${leftNumber ? `${left.text} ` : ""}${verb} ${right.text}${outcome}`)];
  }
  if (leftNumber) return [...partsOf(right, depth), part(`${left.text} ${verb} it${outcome}`)];
  return [
    ...partsOf(left, depth),
    ...partsOf(right, depth + 1),
    part(`${verb} ${short(right.text)}${matchingWords(matching)}${outcome}`),
  ];
}

function selectorWords(metric: string, matchers: readonly Matcher[]): string {
  const name = metric === "" ? "series" : `series of ${metric}`;
  const [first, ...rest] = matchers.map(matcherWords);
  if (first === undefined) return metric === "" ? "all series" : `all ${name}`;
  return `${name} where ${[first, ...rest].join(" and ")}`;
}

const comparisons = {
  "=": "is",
  "!=": "is not",
  "=~": "matches",
  "!~": "does not match",
} as const;

function matcherWords({ label, op, value }: Matcher): string {
  if (value === "") return `${label} is ${op === "=" || op === "=~" ? "not set" : "set"}`;
  return `${label} ${comparisons[op]} "${value}"`;
}

function aggregateWords(op: string, parameter: string, grouping: Grouping | undefined): string {
  const words = filled(aggregations[op]?.words ?? `through ${op}`, [parameter], "");
  if (grouping === undefined) return `${words} over all series`;
  const labels = grouping.labels.join(", ");
  if (grouping.mode === "by") {
    return labels === "" ? `${words} over all series` : `${words} for each ${labels}`;
  }
  return labels === "" ? `${words} for each set of labels` : `${words} over ${labels}`;
}

function matchingWords(matching: Matching | undefined): string {
  if (matching === undefined) return "";
  const { mode, labels, group } = matching;
  const names = labels.length === 0 ? "no labels" : labels.join(", ");
  const paired = mode === "on" ? ` of the same ${names}` : `, paired without ${names}`;
  if (group === undefined) return paired;
  const taken = group.labels.length === 0 ? "" : ` that lends ${group.labels.join(", ")}`;
  const [many, one] = group.side === "left" ? ["many", "one"] : ["one", "many"];
  return `${paired}, ${many} on the left for ${one} on the right${taken}`;
}

/** "an hour ago"; a negative offset looks ahead. */
function offsetWords(by: string): string {
  return by.startsWith("-")
    ? `as it is ${spanWords(by.slice(1).trim())} later`
    : `as it was ${spanWords(by)} before`;
}

function stepWords(step: string): string {
  return step === "" ? "step by step" : `every ${spanWords(step)}`;
}

const units: Readonly<Record<string, string>> = {
  ms: "millisecond",
  s: "second",
  m: "minute",
  h: "hour",
  d: "day",
  w: "week",
  y: "year",
};

const variableWords: Readonly<Record<string, string>> = {
  $__rate_interval: "an interval that fits the step",
  $__interval: "one step",
  $__range: "the page's range",
};

/** "5m" as "5 minutes". */
export function spanWords(duration: string): string {
  const variable = variableWords[duration.replace("{", "").replace("}", "")];
  if (variable !== undefined) return variable;
  if (!/^(?:\d+(?:ms|[smhdwy]))+$/.test(duration)) return duration;
  return [...duration.matchAll(/(\d+)(ms|[smhdwy])/g)]
    .map(([, count = "", unit = ""]) => `${count} ${units[unit]}${count === "1" ? "" : "s"}`)
    .join(" ");
}

function rangeIn(expr: Expr): string {
  if (expr.kind === "range" || expr.kind === "subquery") return expr.range;
  return "expr" in expr ? rangeIn(expr.expr) : "";
}

function isRange(expr: Expr): boolean {
  return expr.kind === "range" || expr.kind === "subquery";
}

function isLiteral(expr: Expr): boolean {
  return expr.kind === "string" || isNumber(expr);
}

function isNumber(expr: Expr): boolean {
  if (expr.kind === "paren" || expr.kind === "unary") return isNumber(expr.expr);
  return expr.kind === "number";
}

function filled(words: string, literals: readonly string[], range: string): string {
  return words
    .replaceAll("{range}", range)
    .replaceAll(/\{(\d)\}/g, (_, place: string) => literals[Number(place)] ?? "…");
}

function short(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}
