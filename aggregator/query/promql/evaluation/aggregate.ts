import { columnWeight } from "#shared/model/histogram.ts";
import { histogramLine } from "#shared/model/histogram_text.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import { addHistogramsOfGroup } from "./aggregate_histograms.ts";
import { warnQuantile } from "../model/annotations.ts";
import type { AggregateExpr } from "#shared/query_language/promql/ast.ts";
import { type EvalContext, breathe, spend } from "../model/context.ts";
import { formatPlain, formatShort } from "#shared/text/go_float_text.ts";
import { type KahanSum, kahanAdd, quantileOf } from "../model/kahan.ts";
import {
  type StepSeries,
  absent,
  float,
  hasSample,
  keepLabels,
  newSeries,
  sampleAt,
  withLabel,
  withoutLabels,
} from "../model/values.ts";
import { metricNameLabel } from "#shared/model/labels.ts";

/** Series between two looks at the clock: there may be thousands of labels to group by. */
const seriesAtOnce = 16;
/** Values of a group that are put together between two looks at the clock: some milliseconds. */
const cellsAtOnce = 500_000;
/** Members that are counted between two looks at the clock. */
const membersAtOnce = 1_024;

/** Steps from one, up to but without another. */
type Steps = { readonly from: number; readonly to: number };

/** Series that an aggregation puts together. */
type Group = { readonly labels: Labels; readonly members: StepSeries[] };

function groupLabels(expr: AggregateExpr, labels: Labels): Labels {
  if (expr.without) return withoutLabels(labels, [...expr.grouping, metricNameLabel]);
  return keepLabels(labels, expr.grouping);
}

/** Groups in the order of their first series. */
export async function groupSeries(
  { budget }: EvalContext,
  expr: AggregateExpr,
  series: readonly StepSeries[],
): Promise<Group[]> {
  if (series.length === 0) return [];
  const { grouping, without } = expr;
  if (!without && grouping.length === 0) return [{ labels: {}, members: [...series] }];
  const [only] = without || grouping.length > 1 ? [] : grouping;
  const groups = new Map<string, Group>();
  for (let i = 0; i < series.length; i++) {
    if (i % seriesAtOnce === 0) await breathe(budget);
    const one = series[i];
    if (one === undefined) continue;
    // Of a single label the value is the key, and labels are made of a group's first series alone.
    const key =
      only === undefined ? labelsKey(groupLabels(expr, one.labels)) : (one.labels[only] ?? "");
    const group = groups.get(key);
    if (group === undefined)
      groups.set(key, { labels: groupLabels(expr, one.labels), members: [one] });
    else group.members.push(one);
  }
  return [...groups.values()];
}

/** sum, avg, min, max, count, group, stddev, stdvar, quantile: one series a group, column by column. */
export async function aggregate(
  context: EvalContext,
  expr: AggregateExpr,
  series: readonly StepSeries[],
  params: Float64Array,
  count: number,
): Promise<StepSeries[]> {
  if (expr.op === "quantile") {
    for (const q of new Set(params)) warnQuantile(context.notes, expr.param?.span ?? expr.span, q);
  }
  const out: StepSeries[] = [];
  for (const group of await groupSeries(context, expr, series)) {
    await breathe(context.budget);
    const dropName = group.members.some((member) => member.dropName);
    const target = newSeries(group.labels, count, dropName);
    if (expr.op === "count" || expr.op === "group") {
      await countMembers(context, expr.op, group.members, target);
      if (!hasSample(target)) continue;
      spend(context.budget, count);
      out.push(target);
      continue;
    }
    const stepsAtOnce = Math.max(1, Math.floor(cellsAtOnce / group.members.length));
    for (let from = 0; from < count; from += stepsAtOnce) {
      if (from > 0) await breathe(context.budget);
      fill(expr, group.members, params, target, { from, to: Math.min(count, from + stepsAtOnce) });
    }
    await addHistogramsOfGroup(context, expr, group.members, target);
    if (!hasSample(target)) continue;
    spend(context.budget, columnWeight(count, target.histograms));
    out.push(target);
  }
  return out;
}

function fill(
  expr: AggregateExpr,
  members: readonly StepSeries[],
  params: Float64Array,
  target: StepSeries,
  steps: Steps,
): void {
  switch (expr.op) {
    case "sum":
      return sum(members, target, steps);
    case "avg":
      return average(members, target, steps);
    case "min":
      return extreme(members, target, steps, -1);
    case "max":
      return extreme(members, target, steps, 1);
    case "stdvar":
      return variance(members, target, steps);
    case "stddev":
      variance(members, target, steps);
      for (let i = steps.from; i < steps.to; i++) {
        target.values[i] = Math.sqrt(target.values[i] ?? 0);
      }
      return undefined;
    case "quantile":
      return quantile(members, params, target, steps);
    default:
      return undefined;
  }
}

function sum(
  members: readonly StepSeries[],
  { values, present }: StepSeries,
  { from, to }: Steps,
): void {
  const lost = new Float64Array(to - from);
  for (const member of members) {
    for (let i = from; i < to; i++) {
      if (member.present[i] !== float) continue;
      const value = member.values[i] ?? 0;
      if (present[i] === absent) {
        present[i] = float;
        values[i] = value;
        continue;
      }
      // Neumaier's step, written out: an object a sample would cost more than the sum.
      const before = values[i] ?? 0;
      const total = before + value;
      if (total === Infinity || total === -Infinity) lost[i - from] = 0;
      else if (Math.abs(before) >= Math.abs(value))
        lost[i - from] = (lost[i - from] ?? 0) + (before - total + value);
      else lost[i - from] = (lost[i - from] ?? 0) + (value - total + before);
      values[i] = total;
    }
  }
  for (let i = from; i < to; i++) values[i] = (values[i] ?? 0) + (lost[i - from] ?? 0);
}

/** As avg_over_time: the mean of the sum until that would overflow, then an incremental mean. */
function average(
  members: readonly StepSeries[],
  { values, present }: StepSeries,
  { from, to }: Steps,
): void {
  const total: KahanSum = { sum: 0, lost: 0 };
  for (let i = from; i < to; i++) {
    let count = 0;
    let incremental = false;
    total.sum = 0;
    total.lost = 0;
    for (const member of members) {
      if (member.present[i] !== float) continue;
      const value = member.values[i] ?? 0;
      if (++count === 1) {
        total.sum = value;
        continue;
      }
      if (!incremental) {
        const { sum: before, lost } = total;
        kahanAdd(total, value);
        if (total.sum !== Infinity && total.sum !== -Infinity) continue;
        incremental = true;
        total.sum = before / (count - 1);
        total.lost = lost / (count - 1);
      }
      const share = (count - 1) / count;
      total.sum *= share;
      total.lost *= share;
      kahanAdd(total, value / count);
    }
    if (count === 0) continue;
    present[i] = float;
    values[i] = incremental ? total.sum + total.lost : total.sum / count + total.lost / count;
  }
}

function extreme(
  members: readonly StepSeries[],
  { values, present }: StepSeries,
  { from, to }: Steps,
  sign: 1 | -1,
): void {
  for (const member of members) {
    for (let i = from; i < to; i++) {
      if (member.present[i] !== float) continue;
      const value = member.values[i] ?? 0;
      const best = values[i] ?? 0;
      if (present[i] !== absent && !(sign * value > sign * best) && !Number.isNaN(best)) continue;
      present[i] = float;
      values[i] = value;
    }
  }
}

/** Members of which the same steps are there often share one array that says so: those are counted at once. */
async function countMembers(
  { budget }: EvalContext,
  op: "count" | "group",
  members: readonly StepSeries[],
  { values, present }: StepSeries,
): Promise<void> {
  const alike = new Map<Uint8Array, number>();
  for (let i = 0; i < members.length; i++) {
    if (i % membersAtOnce === 0) await breathe(budget);
    const steps = members[i]?.present;
    if (steps !== undefined) alike.set(steps, (alike.get(steps) ?? 0) + 1);
  }
  let looked = 0;
  for (const [steps, times] of alike) {
    if ((looked += steps.length) > cellsAtOnce) {
      looked = 0;
      await breathe(budget);
    }
    for (let i = 0; i < steps.length; i++) {
      if (steps[i] === absent) continue;
      present[i] = float;
      values[i] = op === "group" ? 1 : (values[i] ?? 0) + times;
    }
  }
}

function variance(
  members: readonly StepSeries[],
  { values, present }: StepSeries,
  { from, to }: Steps,
): void {
  const counts = new Float64Array(to - from);
  const means = new Float64Array(to - from);
  for (const member of members) {
    for (let i = from; i < to; i++) {
      if (member.present[i] !== float) continue;
      const value = member.values[i] ?? 0;
      if (present[i] === absent) {
        present[i] = float;
        counts[i - from] = 1;
        means[i - from] = value;
        values[i] = Number.isFinite(value) ? 0 : Number.NaN;
        continue;
      }
      const count = (counts[i - from] ?? 0) + 1;
      const difference = value - (means[i - from] ?? 0);
      const mean = (means[i - from] ?? 0) + difference / count;
      counts[i - from] = count;
      means[i - from] = mean;
      values[i] = (values[i] ?? 0) + difference * (value - mean);
    }
  }
  for (let i = from; i < to; i++) values[i] = (values[i] ?? 0) / (counts[i - from] ?? 1);
}

function quantile(
  members: readonly StepSeries[],
  params: Float64Array,
  { values, present }: StepSeries,
  { from, to }: Steps,
): void {
  const gathered = new Float64Array(members.length);
  for (let i = from; i < to; i++) {
    let count = 0;
    for (const member of members) {
      if (member.present[i] === float) gathered[count++] = member.values[i] ?? 0;
    }
    if (count === 0) continue;
    present[i] = float;
    values[i] = quantileOf(params[i] ?? Number.NaN, gathered.subarray(0, count));
  }
}

/** count_values: a series for every distinct value of a group. */
export async function countValues(
  context: EvalContext,
  expr: AggregateExpr,
  label: string,
  series: readonly StepSeries[],
  count: number,
): Promise<StepSeries[]> {
  const out = new Map<string, StepSeries>();
  for (const one of series) {
    await breathe(context.budget);
    const seen = new Map<string, StepSeries>();
    for (let i = 0; i < count; i++) {
      if (i % seriesAtOnce === seriesAtOnce - 1) await breathe(context.budget);
      if (one.present[i] === absent) continue;
      const sample = sampleAt(one, i);
      const text =
        typeof sample === "number" ? formatPlain(sample) : histogramLine(sample, formatShort);
      let target = seen.get(text);
      if (target === undefined) {
        const grouping = expr.without ? expr : { ...expr, grouping: [...expr.grouping, label] };
        const labels = groupLabels(grouping, withLabel(one.labels, label, text));
        const key = labelsKey(labels);
        target = out.get(key) ?? newSeries(labels, count);
        if (!out.has(key)) spend(context.budget, count);
        out.set(key, target);
        seen.set(text, target);
      }
      target.present[i] = float;
      target.values[i] = (target.values[i] ?? 0) + 1;
    }
  }
  return [...out.values()];
}
