import { limitOf, messageOf } from "#shared/errors.ts";
import { columnWeight } from "#shared/model/histogram.ts";
import { multiplyHistogram } from "#shared/model/histogram_sum.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";
import { queryStepsMax } from "#shared/text/regex_limits.ts";
import type { Expr } from "#shared/query_language/promql/ast.ts";
import { type Budget, type EvalContext, breathe, renamed, spend } from "../model/context.ts";
import { executionError } from "#shared/query_language/promql/errors.ts";
import { mergeSameLabels } from "../model/merge_same_labels.ts";
import {
  type StepSeries,
  absent,
  float,
  floatsOf,
  hasSample,
  newSeries,
  withLabel,
} from "../model/values.ts";

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
  return mergeSameLabels(context.budget, out);
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
  return mergeSameLabels(context.budget, out);
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

/** Series between two looks at the clock, where labels of each are looked at one by one. */
const seriesAtOnce = 16;
/** Labels that are joined between two looks. */
const labelsAtOnce = 1_024;

/** A made text counts as samples of as much memory. */
function spendText(budget: Budget, text = ""): void {
  spend(budget, Math.ceil(text.length / 16));
  // The key of the label set has it once more.
  budget.memory?.hold(text.length);
}

/** A label name may be any text that is not empty and is UTF-8. */
function checkLabelName(name: string, what: string): void {
  if (name === "" || name.includes("\uFFFD")) throw executionError(`invalid ${what}: ${name}`);
}

/** label_replace(v, dst, replacement, src, regex). */
export async function labelReplace(
  context: EvalContext,
  series: readonly StepSeries[],
  [dst, replacement, src, pattern]: readonly [string, string, string, string],
): Promise<readonly StepSeries[]> {
  const regex = replaceRegex(pattern);
  checkLabelName(dst, "destination label name in label_replace()");
  // Values repeat from series to series.
  const known = new Map<string, string | undefined>();
  const valueFor = (text: string): string | undefined => {
    const groups = regex.exec(text);
    const value = groups === undefined ? undefined : expand(replacement, groups);
    spendText(context.budget, value);
    known.set(text, value);
    return value;
  };
  const replaced: StepSeries[] = [];
  for (const one of series) {
    await breathe(context.budget);
    const text = one.labels[src] ?? "";
    const value = known.has(text) ? known.get(text) : valueFor(text);
    replaced.push(value === undefined ? one : relabelled(one, dst, value));
  }
  return mergeSameLabels(context.budget, replaced);
}

function replaceRegex(pattern: string): ReturnType<typeof anchoredRegex> {
  try {
    return anchoredRegex(pattern, queryStepsMax());
  } catch (cause) {
    if (limitOf(cause) !== undefined) throw executionError(messageOf(cause), { cause });
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
export async function labelJoin(
  context: EvalContext,
  series: readonly StepSeries[],
  dst: string,
  separator: string,
  sources: readonly string[],
): Promise<readonly StepSeries[]> {
  for (const source of sources) checkLabelName(source, "source label name in label_join()");
  checkLabelName(dst, "destination label name in label_join()");
  const joined: StepSeries[] = [];
  const atOnce = Math.max(1, Math.min(seriesAtOnce, Math.floor(labelsAtOnce / sources.length)));
  for (const [i, one] of series.entries()) {
    if (i % atOnce === 0) await breathe(context.budget);
    const value = sources.map((source) => one.labels[source] ?? "").join(separator);
    spendText(context.budget, value);
    joined.push(relabelled(one, dst, value));
  }
  return mergeSameLabels(context.budget, joined);
}
