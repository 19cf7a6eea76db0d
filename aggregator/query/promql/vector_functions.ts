import { messageOf } from "#shared/errors.ts";
import { columnWeight } from "#shared/model/histogram.ts";
import { multiplyHistogram } from "#shared/model/histogram_sum.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";
import { bySample } from "./aggregate_select.ts";
import type { Expr } from "./ast.ts";
import { type EvalContext, breathe, renamed, spend } from "./context.ts";
import { executionError } from "./errors.ts";
import {
  type StepSeries,
  absent,
  compareLabels,
  float,
  floatsOf,
  hasSample,
  mergeSameLabels,
  newSeries,
  withLabel,
} from "./values.ts";

/** A function of each number; the metric name goes, and so do histograms. */
export async function mapValues(
  context: EvalContext,
  series: readonly StepSeries[],
  compute: (value: number, step: number) => number,
): Promise<readonly StepSeries[]> {
  const out: StepSeries[] = [];
  for (const [s, one] of series.entries()) {
    if (s % 64 === 0) await breathe(context.budget);
    const after = renamed(context, one.labels);
    const target = newSeries(after.labels, one.values.length, after.dropName);
    target.present.set(floatsOf(one).present);
    for (let i = 0; i < target.values.length; i++) {
      if (target.present[i] !== absent) target.values[i] = compute(one.values[i] ?? 0, i);
    }
    if (one.histograms !== undefined && !hasSample(target)) continue;
    spend(context.budget, target.values.length);
    out.push(target);
  }
  return mergeSameLabels(out);
}

/** The unary minus, of numbers and histograms. */
export async function negated(
  context: EvalContext,
  series: readonly StepSeries[],
): Promise<readonly StepSeries[]> {
  const out: StepSeries[] = [];
  for (const [s, one] of series.entries()) {
    if (s % 64 === 0) await breathe(context.budget);
    const after = renamed(context, one.labels);
    const target = newSeries(after.labels, one.values.length, after.dropName);
    target.present.set(one.present);
    for (let i = 0; i < target.values.length; i++) target.values[i] = -(one.values[i] ?? 0);
    target.histograms = one.histograms?.map((found) => found && multiplyHistogram(found, -1));
    spend(context.budget, columnWeight(target.values.length, target.histograms));
    out.push(target);
  }
  return mergeSameLabels(out);
}

/** Every sample, of whichever type, as 0, for functions that don't look at it. */
export function withoutValues(series: readonly StepSeries[]): readonly StepSeries[] {
  return series.map((one) => {
    if (one.histograms === undefined) return one;
    const present = one.present.map((state) => (state === absent ? absent : float));
    return { ...one, present, histograms: undefined };
  });
}

/** clamp(), clamp_min(), clamp_max(): steps where min > max are left out, NaN bounds make NaN. */
export async function clamp(
  context: EvalContext,
  series: readonly StepSeries[],
  min: Float64Array | undefined,
  max: Float64Array | undefined,
): Promise<readonly StepSeries[]> {
  const lowest = (step: number): number =>
    min === undefined ? -Infinity : (min[step] ?? Number.NaN);
  const highest = (step: number): number =>
    max === undefined ? Infinity : (max[step] ?? Number.NaN);
  const clamped = await mapValues(context, series, (value, step) =>
    Math.max(lowest(step), Math.min(highest(step), value)),
  );
  for (const { present } of clamped) {
    for (let i = 0; i < present.length; i++) if (highest(i) < lowest(i)) present[i] = absent;
  }
  return clamped.filter(hasSample);
}

/** The value of a vector with exactly one number, else NaN, step by step. */
export function scalarOf(series: readonly StepSeries[], count: number): Float64Array {
  const values = new Float64Array(count).fill(Number.NaN);
  const seen = new Uint8Array(count);
  for (const one of series) {
    for (let i = 0; i < count; i++) {
      if (one.present[i] !== float) continue;
      values[i] = seen[i] === float ? Number.NaN : (one.values[i] ?? 0);
      seen[i] = float;
    }
  }
  return values;
}

/** absent(): 1 at the steps where the vector is empty. */
export function absentOf(arg: Expr, series: readonly StepSeries[], count: number): StepSeries[] {
  const target = newSeries(labelsOfAbsent(arg), count);
  target.values.fill(1);
  target.present.fill(float);
  for (const { present } of series) {
    for (let i = 0; i < count; i++) if (present[i] !== absent) target.present[i] = absent;
  }
  return hasSample(target) ? [target] : [];
}

/** Labels that a selector fixes by "=": those that an absent series would surely have. */
export function labelsOfAbsent(arg: Expr): Labels {
  const selector = arg.kind === "matrix" ? arg.selector : arg;
  if (selector.kind !== "selector") return {};
  const labels: Record<string, string> = {};
  const seen = new Set<string>();
  for (const { name, op, value } of selector.matchers) {
    if (name === metricNameLabel) continue;
    if (op === "=" && !seen.has(name)) {
      if (value !== "") labels[name] = value;
      seen.add(name);
    } else delete labels[name];
  }
  return labels;
}

/** A label name may be any text that is not empty and is UTF-8. */
function checkLabelName(name: string, what: string): void {
  if (name === "" || name.includes("\uFFFD")) throw executionError(`invalid ${what}: ${name}`);
}

/** label_replace(v, dst, replacement, src, regex). */
export function labelReplace(
  series: readonly StepSeries[],
  [dst, replacement, src, pattern]: readonly [string, string, string, string],
): readonly StepSeries[] {
  const regex = replaceRegex(pattern);
  checkLabelName(dst, "destination label name in label_replace()");
  const replaced = series.map((one) => {
    const groups = regex.exec(one.labels[src] ?? "");
    if (groups === undefined) return one;
    return relabelled(one, dst, expand(replacement, groups));
  });
  return mergeSameLabels(replaced);
}

function replaceRegex(pattern: string): ReturnType<typeof anchoredRegex> {
  try {
    return anchoredRegex(pattern);
  } catch (cause) {
    const error = executionError(`invalid regular expression in label_replace(): ${pattern}`);
    throw Object.assign(error, { cause: messageOf(cause) });
  }
}

function relabelled(series: StepSeries, name: string, value: string): StepSeries {
  const labels = withLabel(series.labels, name, value);
  return { ...series, labels, dropName: name === metricNameLabel ? false : series.dropName };
}

/** "$1", "${1}" and "$$" as Go's Regexp.Expand reads them; an unknown group is empty. */
function expand(template: string, groups: readonly (string | undefined)[]): string {
  return template.replaceAll(
    /\$(?:(\$)|\{(\w+)\}|(\w+))/g,
    (_, dollar?: string, braced?: string, bare?: string) => {
      if (dollar !== undefined) return "$";
      const name = braced ?? bare ?? "";
      return /^\d+$/.test(name) ? (groups[Number(name)] ?? "") : "";
    },
  );
}

/** label_join(v, dst, separator, src...). */
export function labelJoin(
  series: readonly StepSeries[],
  dst: string,
  separator: string,
  sources: readonly string[],
): readonly StepSeries[] {
  for (const source of sources) checkLabelName(source, "source label name in label_join()");
  checkLabelName(dst, "destination label name in label_join()");
  return mergeSameLabels(
    series.map((one) =>
      relabelled(one, dst, sources.map((source) => one.labels[source] ?? "").join(separator)),
    ),
  );
}

/** sort() and sort_desc(), of numbers alone: by the first (in an instant query the only) step; NaN last. */
export function sortByValue(series: readonly StepSeries[], sign: 1 | -1): readonly StepSeries[] {
  return series
    .map(floatsOf)
    .filter(hasSample)
    .toSorted((a, b) => bySample(a.values[0] ?? 0, b.values[0] ?? 0, sign));
}

/** sort_by_label(): natural order of the labels in turn, then of the whole label set. */
export function sortByLabel(
  series: readonly StepSeries[],
  names: readonly string[],
  sign: 1 | -1,
): readonly StepSeries[] {
  return series.toSorted((a, b) => {
    for (const name of names) {
      const order = compareNatural(a.labels[name] ?? "", b.labels[name] ?? "");
      if (order !== 0) return sign * order;
    }
    return sign * compareLabels(a.labels, b.labels);
  });
}

/** Runs of digits by their number, everything else by its characters: "4m5" before "4m600" before "4m1000". */
function compareNatural(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [a, b].map((text) => text.match(/\d+|\D+/g) ?? []);
  for (const [i, part] of (left ?? []).entries()) {
    const other = right?.[i];
    if (other === undefined) return 1;
    if (part === other) continue;
    const difference = Number(part) - Number(other);
    if (!Number.isNaN(difference) && difference !== 0) return difference;
    return part < other ? -1 : 1;
  }
  return -1;
}
