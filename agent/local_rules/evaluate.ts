import { OperatingError } from "#shared/errors.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type {
  Aggregation,
  Arithmetic,
  Comparison,
  Expression,
  Matching,
  Selector,
} from "./expression.ts";
import { isScalar } from "./expression.ts";
import { rangeValue } from "./range_values.ts";
import { type SeriesStore, lookbackMs } from "./series_store.ts";

/** One series of a result, without a metric's name. */
export type Sample = { readonly labels: Labels; readonly value: number };
type Kind<Name extends Expression["kind"]> = Extract<Expression, { kind: Name }>;
type Stage = { readonly store: SeriesStore; readonly nowMs: number };

/** What the expression is at that time. Throws OperatingError("bad_request") where series cannot be matched. */
export function evaluate(expression: Expression, store: SeriesStore, nowMs: number): Sample[] {
  return vectorOf(expression, { store, nowMs });
}

function vectorOf(expression: Expression, stage: Stage): Sample[] {
  switch (expression.kind) {
    case "number":
    case "time":
      return [{ labels: {}, value: scalarOf(expression, stage) }];
    case "selector":
      return latest(expression.selector, stage);
    case "absent":
      return absent(expression.selector, stage);
    case "range":
      return ranged(expression, stage);
    case "call": {
      const apply = Math[expression.name];
      return mapped(vectorOf(expression.of, stage), (value) => apply(value));
    }
    case "negative":
      return mapped(vectorOf(expression.of, stage), (value) => -value);
    case "aggregate":
      return aggregated(expression, vectorOf(expression.of, stage));
    case "set":
      return setResult(expression, stage);
    case "arithmetic":
    case "comparison":
      return joined(expression, stage);
  }
}

function scalarOf(expression: Expression, stage: Stage): number {
  if (expression.kind === "number") return expression.value;
  if (expression.kind === "time") return stage.nowMs / 1_000;
  if (expression.kind === "negative") return -scalarOf(expression.of, stage);
  if (expression.kind !== "arithmetic" && expression.kind !== "comparison") return Number.NaN;
  const left = scalarOf(expression.left, stage);
  const right = scalarOf(expression.right, stage);
  return expression.kind === "arithmetic"
    ? calculate(expression.operator, left, right)
    : Number(holds(expression.operator, left, right));
}

function mapped(samples: readonly Sample[], map: (value: number) => number): Sample[] {
  return samples.map(({ labels, value }) => ({ labels, value: map(value) }));
}

/** The last sample of each series that has one within five minutes and has not ended since. */
function latest(selector: Selector, { store, nowMs }: Stage): Sample[] {
  const samples: Sample[] = [];
  for (const window of store.windows(selector)) {
    const at = window.after(nowMs) - 1;
    if (at < window.from) continue;
    const timeMs = window.timesMs[at] ?? 0;
    if (timeMs <= nowMs - lookbackMs || (window.staleMs > timeMs && window.staleMs <= nowMs))
      continue;
    samples.push({ labels: window.labels, value: window.values[at] ?? 0 });
  }
  return samples;
}

/** One sample where there is none, with the labels that the selector names. */
function absent(selector: Selector, stage: Stage): Sample[] {
  if (latest(selector, stage).length > 0) return [];
  const { matchers } = selector;
  const named = matchers.filter(
    ({ op, name, value }) =>
      op === "=" && value !== "" && matchers.filter((one) => one.name === name).length === 1,
  );
  return [{ labels: Object.fromEntries(named.map(({ name, value }) => [name, value])), value: 1 }];
}

function ranged(
  { name, selector, rangeMs, ahead }: Kind<"range">,
  { store, nowMs }: Stage,
): Sample[] {
  const samples: Sample[] = [];
  for (const window of store.windows(selector)) {
    const value = rangeValue(name, window, nowMs - rangeMs, nowMs, ahead);
    if (value !== undefined) samples.push({ labels: window.labels, value });
  }
  return samples;
}

function aggregated(
  { name, by, labels: names }: Kind<"aggregate">,
  samples: readonly Sample[],
): Sample[] {
  const groups = new Map<string, { labels: Labels; values: number[] }>();
  for (const { labels, value } of samples) {
    const own = picked(labels, names, by);
    const key = labelsKey(own);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels: own, values: [value] });
    else group.values.push(value);
  }
  return [...groups.values()].map(({ labels, values }) => ({
    labels,
    value: together(name, values),
  }));
}

function together(name: Aggregation, values: readonly number[]): number {
  switch (name) {
    case "count":
      return values.length;
    case "sum":
      return values.reduce((sum, value) => sum + value, 0);
    case "avg":
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    case "min":
      return values.reduce((least, value) =>
        value < least || Number.isNaN(least) ? value : least,
      );
    case "max":
      return values.reduce((most, value) => (value > most || Number.isNaN(most) ? value : most));
  }
}

/** These labels alone, or all but these. */
function picked(labels: Labels, names: readonly string[], keeps: boolean): Labels {
  return Object.fromEntries(
    Object.entries(labels).filter(([name]) => names.includes(name) === keeps),
  );
}

function signature(labels: Labels, { on, labels: names }: Matching): string {
  return labelsKey(picked(labels, names, on));
}

function setResult({ operator, left, right, matching }: Kind<"set">, stage: Stage): Sample[] {
  const of = (expression: Expression) =>
    vectorOf(expression, stage).map((sample) => ({
      sample,
      key: signature(sample.labels, matching),
    }));
  const [ours, theirs] = [of(left), of(right)];
  const theirKeys = new Set(theirs.map(({ key }) => key));
  const ourKeys = new Set(ours.map(({ key }) => key));
  const kept =
    operator === "or"
      ? [...ours, ...theirs.filter(({ key }) => !ourKeys.has(key))]
      : ours.filter(({ key }) => theirKeys.has(key) === (operator === "and"));
  return kept.map(({ sample }) => sample);
}

function joined(expression: Kind<"arithmetic"> | Kind<"comparison">, stage: Stage): Sample[] {
  const { left, right } = expression;
  if (isScalar(expression)) return [{ labels: {}, value: scalarOf(expression, stage) }];
  if (isScalar(right)) {
    const number = scalarOf(right, stage);
    return vectorOf(left, stage).flatMap((one) =>
      result(expression, one.labels, one.value, number, one.value),
    );
  }
  if (isScalar(left)) {
    const number = scalarOf(left, stage);
    return vectorOf(right, stage).flatMap((one) =>
      result(expression, one.labels, number, one.value, one.value),
    );
  }
  return matched(expression, vectorOf(left, stage), vectorOf(right, stage));
}

/** One to one. */
function matched(
  expression: Kind<"arithmetic"> | Kind<"comparison">,
  ours: readonly Sample[],
  theirs: readonly Sample[],
): Sample[] {
  const { matching } = expression;
  const partners = new Map<string, Sample>();
  for (const sample of theirs)
    partners.set(unused(partners, signature(sample.labels, matching)), sample);
  const seen = new Map<string, Sample>();
  return ours.flatMap((sample) => {
    const key = signature(sample.labels, matching);
    const partner = partners.get(key);
    if (partner === undefined) return [];
    seen.set(unused(seen, key), sample);
    const labels = picked(sample.labels, matching.labels, matching.on);
    return result(expression, labels, sample.value, partner.value, sample.value);
  });
}

function unused(known: ReadonlyMap<string, unknown>, key: string): string {
  if (!known.has(key)) return key;
  throw new OperatingError(
    "bad_request",
    "several series of one side have the same matching labels: name more labels in on (...)",
  );
}

/** `value`: what a comparison that holds leaves. */
function result(
  expression: Kind<"arithmetic"> | Kind<"comparison">,
  labels: Labels,
  left: number,
  right: number,
  value: number,
): Sample[] {
  if (expression.kind === "arithmetic")
    return [{ labels, value: calculate(expression.operator, left, right) }];
  const isTrue = holds(expression.operator, left, right);
  if (expression.bool) return [{ labels, value: Number(isTrue) }];
  return isTrue ? [{ labels, value }] : [];
}

function calculate(operator: Arithmetic, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
  }
}

function holds(operator: Comparison, left: number, right: number): boolean {
  switch (operator) {
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case ">":
      return left > right;
    case "<":
      return left < right;
    case ">=":
      return left >= right;
    case "<=":
      return left <= right;
  }
}
