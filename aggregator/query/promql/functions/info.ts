import { printedLabels } from "#shared/model/printed_labels.ts";
import { type Labels, type Matcher, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import { compileMatcher } from "../../../read/matching.ts";
import type { CallExpr, SelectorExpr } from "#shared/query_language/promql/ast.ts";
import { matchesEmpty } from "#shared/query_language/matchers.ts";
import { type EvalContext, breathe, spend } from "../model/context.ts";
import { executionError } from "#shared/query_language/promql/errors.ts";
import { evaluateSelector } from "../selection/selectors.ts";
import { mergeSameLabels } from "../model/merge_same_labels.ts";
import {
  type Grid,
  type StepSeries,
  absent,
  hasHistograms,
  hasSample,
  keepLabels,
  newSeries,
  putSample,
  sampleAt,
} from "../model/values.ts";

/** Labels by which a series and an info metric belong together. */
const identifying = ["instance", "job"] as const;

/** Info series of one metric name and one identity. */
type InfoGroups = ReadonlyMap<string, ReadonlyMap<string, readonly StepSeries[]>>;

/** info(): adds the labels of the info metrics of the same instance and job. */
export async function evaluateInfo(
  context: EvalContext,
  call: CallExpr,
  base: readonly StepSeries[],
  grid: Grid,
): Promise<readonly StepSeries[]> {
  const selector = call.info;
  if (selector === undefined) throw executionError("info() without a selector of info metrics");
  const isInfo = nameTest(selector.matchers);
  const joined = base.filter(({ labels }) => !isInfo(labels));
  const identified = joined.some(({ labels }) => identifying.some((name) => name in labels));
  const groups = groupInfos(identified ? await infoTimes(context, selector, grid) : []);
  const data =
    call.args.length > 1 ? selector.matchers.filter(({ name }) => name !== metricNameLabel) : [];
  const out: StepSeries[] = [];
  for (const one of base) {
    await breathe(context.budget);
    if (isInfo(one.labels)) out.push(one);
    else out.push(...withInfo(context, one, groups, data, grid.count));
  }
  return mergeSameLabels(context.budget, out);
}

/** When the samples of the info metrics were taken, which are numbers. */
async function infoTimes(
  context: EvalContext,
  selector: SelectorExpr,
  grid: Grid,
): Promise<readonly StepSeries[]> {
  if (context.fetched.get(selector)?.some(({ histograms }) => histograms !== undefined) === true) {
    const infos = await evaluateSelector(context, selector, grid);
    if (infos.some(hasHistograms)) throw executionError("info sample should be float");
  }
  return evaluateSelector(context, selector, grid, "times");
}

function nameTest(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const tests = matchers
    .filter(({ name }) => name === metricNameLabel)
    .map((matcher) => compileMatcher(matcher));
  return (labels) => tests.every((test) => test(labels[metricNameLabel] ?? ""));
}

function groupInfos(infos: readonly StepSeries[]): InfoGroups {
  const byIdentity = new Map<string, Map<string, StepSeries[]>>();
  for (const info of infos) {
    const identity = labelsKey(keepLabels(info.labels, identifying));
    const byName = byIdentity.get(identity) ?? new Map<string, StepSeries[]>();
    byIdentity.set(identity, byName);
    const name = info.labels[metricNameLabel] ?? "";
    byName.set(name, [...(byName.get(name) ?? []), info]);
  }
  return byIdentity;
}

function withInfo(
  context: EvalContext,
  base: StepSeries,
  groups: InfoGroups,
  data: readonly Matcher[],
  count: number,
): StepSeries[] {
  const candidates = groups.get(labelsKey(keepLabels(base.labels, identifying))) ?? new Map();
  const optional = data.every(matchesEmpty);
  const wanted = new Set(data.map(({ name }) => name));
  const results = new Map<string, StepSeries>();
  for (let i = 0; i < count; i++) {
    if (base.present[i] === absent) continue;
    const chosen = [...candidates.values()].flatMap((infos) => newest(infos, i) ?? []);
    if (chosen.length === 0 && !optional) continue;
    const key = chosen.map(({ labels }) => labelsKey(labels)).join("\u0000");
    let target = results.get(key);
    if (target === undefined) {
      target = newSeries(joinedLabels(base.labels, chosen, wanted), count, base.dropName);
      results.set(key, target);
      spend(context.budget, count);
    }
    putSample(target, i, sampleAt(base, i));
  }
  return [...results.values()].filter(hasSample);
}

/** The info series whose sample is the youngest at a step; its value is the sample's time. */
function newest(infos: readonly StepSeries[], i: number): StepSeries | undefined {
  let best: StepSeries | undefined;
  for (const info of infos) {
    if (info.present[i] === absent) continue;
    const [time, bestTime] = [info.values[i] ?? 0, best?.values[i] ?? -Infinity];
    if (best !== undefined && time === bestTime) {
      const [a, b] = [printedLabels(best.labels), printedLabels(info.labels)];
      const ms = Math.round(time * 1_000);
      throw executionError(
        `found duplicate series for info metric: existing ${a} @ ${ms}, new ${b} @ ${ms}`,
      );
    }
    if (time > bestTime) best = info;
  }
  return best;
}

function joinedLabels(
  base: Labels,
  infos: readonly StepSeries[],
  wanted: ReadonlySet<string>,
): Labels {
  const added: Record<string, string> = {};
  for (const { labels } of infos) {
    for (const [name, value] of Object.entries(labels)) {
      if (name === metricNameLabel || (wanted.size > 0 && !wanted.has(name))) continue;
      if (added[name] !== undefined && added[name] !== value)
        throw executionError(`conflicting label: ${name}`);
      if (base[name] === undefined) added[name] = value;
    }
  }
  return { ...base, ...added };
}
