import type { HistogramColumn } from "#shared/model/histogram.ts";
import { withDetectedResets } from "#shared/model/histogram_resets.ts";
import { isStale, wordsOf } from "#shared/model/special_values.ts";
import type { SeriesSamples, TierSpan } from "../source.ts";
import { flooredTime, keptBuckets, spanAt, widestBucket } from "./tier_times.ts";
import type { MatrixExpr, SelectorExpr, SubqueryExpr } from "./ast.ts";
import { type EvalContext, breathe, durationMs, shiftedTime, spend } from "./context.ts";
import { type Smoothing, smooth } from "./smoothed_selector.ts";
import type { RangeInput, RangeSeries } from "./window.ts";
import {
  type Grid,
  type StepSeries,
  absent,
  float,
  gridEnd,
  hasSample,
  histogram,
  newSeries,
  putSample,
  sampleAt,
} from "./values.ts";

/**
 * Each step takes the newest sample in (t - lookback, t]; nothing when that is a stale marker. A cursor moves forward with
 * the steps, so a series is walked once. Times and starts that are told instead are seconds, and those of samples, smoothed or not, as in
 * Prometheus. An anchored selector without a range means what it means without the word.
 */
export async function evaluateSelector(
  context: EvalContext,
  selector: SelectorExpr,
  grid: Grid,
  told: Told = "values",
): Promise<StepSeries[]> {
  const out: StepSeries[] = [];
  const fromMs = shiftedTime(context, selector, grid.startMs);
  const toMs = shiftedTime(context, selector, gridEnd(grid));
  const stepMs = selector.at === undefined ? grid.stepMs : 0;
  for (const [i, samples] of (context.fetched.get(selector) ?? []).entries()) {
    if (i % 64 === 0) await breathe(context.budget);
    const series = newSeries(samples.labels, grid.count);
    const { lookbackMs } = context;
    const how = { fromMs, stepMs, lookbackMs, told };
    const hinted = withHints(context, selector, samples);
    if (selector.edges === "smoothed" && told === "values") {
      const notes = { notes: context.notes, span: selector.span };
      smooth(series, withoutMarkers(hinted), reaching(how, hinted, grid), notes);
    } else if (samples.buckets === undefined) lookUp(series, hinted, how);
    else lookUpBuckets(series, hinted, samples.buckets.spans, how);
    if (toMs < fromMs || !hasSample(series)) continue;
    spend(context.budget, grid.count);
    context.counts?.addSelected(series, grid, selector.at !== undefined);
    out.push(series);
  }
  return out;
}

/** Where only counts and sums are asked for, what is not known of counter resets is found out from the samples. */
function withHints(
  { resetSelectors }: EvalContext,
  selector: SelectorExpr,
  samples: SeriesSamples,
): SeriesSamples {
  if (samples.histograms === undefined || !resetSelectors.has(selector)) return samples;
  return { ...samples, histograms: withDetectedResets(samples.histograms) };
}

/** What is told of a sample: what it holds, when it was taken, or since when it counts. */
type Told = "values" | "times" | "starts";
type LookUp = Smoothing & { readonly told: Told };

/** Among buckets, of which only the last samples are seen, the next one may be a bucket away. */
function reaching(how: LookUp, { buckets }: SeriesSamples, { count }: Grid): Smoothing {
  if (buckets === undefined) return how;
  const { fromMs, stepMs, lookbackMs } = how;
  const lastMs = fromMs + (count - 1) * stepMs;
  const widestMs = widestBucket(buckets.spans, fromMs - lookbackMs, lastMs + lookbackMs);
  return { ...how, lookbackMs: Math.max(lookbackMs, widestMs) };
}

function lookUp(series: StepSeries, samples: SeriesSamples, how: LookUp): void {
  const { timestampsMs, values, histograms, starts } = samples;
  const { fromMs, stepMs, lookbackMs, told } = how;
  const timesMs = told === "starts" ? starts : timestampsMs;
  const words = wordsOf(values);
  const length = timestampsMs.length;
  let next = 0;
  for (let i = 0; i < series.values.length; i++) {
    const timeMs = fromMs + i * stepMs;
    while (next < length && (timestampsMs[next] ?? Infinity) <= timeMs) next++;
    const newest = next - 1;
    const sampleMs = timestampsMs[newest];
    if (sampleMs === undefined || sampleMs <= timeMs - lookbackMs || isStale(words, newest))
      continue;
    const found = told === "values" ? histograms?.[newest] : undefined;
    if (found !== undefined) {
      putSample(series, i, found);
      continue;
    }
    series.present[i] = float;
    series.values[i] = told === "values" ? (values[newest] ?? 0) : (timesMs?.[newest] ?? 0) / 1_000;
  }
}

/** As lookUp(), where a step looks from the end of the last whole bucket before it. */
function lookUpBuckets(
  series: StepSeries,
  samples: SeriesSamples,
  spans: readonly TierSpan[],
  how: LookUp,
): void {
  const one = newSeries(series.labels, 1);
  for (let i = 0; i < series.values.length; i++) {
    const timeMs = how.fromMs + i * how.stepMs;
    const fromMs = flooredTime(spans, timeMs);
    const lookbackMs = Math.max(how.lookbackMs, spanAt(spans, timeMs).bucketMs);
    one.present[0] = absent;
    lookUp(one, samples, { ...how, fromMs, stepMs: 0, lookbackMs });
    const found = sampleAt(one, 0);
    if (one.present[0] !== absent) putSample(series, i, found);
  }
}

/** The samples of a range selector without stale markers. */
export function rangeOfSelector(context: EvalContext, expr: MatrixExpr, grid: Grid): RangeInput {
  const { selector } = expr;
  const { edges } = selector;
  return {
    edges,
    beforeMs: edges === undefined ? 0 : context.lookbackMs,
    afterMs: edges === "smoothed" ? context.lookbackMs : 0,
    series: (context.fetched.get(selector) ?? []).map((samples) =>
      withoutMarkers(withHints(context, selector, samples)),
    ),
    firstEndMs: shiftedTime(context, selector, grid.startMs),
    endStepMs: selector.at === undefined ? grid.stepMs : 0,
    rangeMs: durationMs(context, expr.range, false),
  };
}

function withoutMarkers(samples: SeriesSamples): RangeSeries {
  const { labels, timestampsMs, values, histograms, starts, buckets } = samples;
  const words = wordsOf(values);
  let markers = 0;
  for (let i = 0; i < values.length; i++) if (isStale(words, i)) markers++;
  if (markers === 0)
    return { labels, dropName: false, timestampsMs, values, histograms, starts, buckets };
  const keptTimes = new Float64Array(values.length - markers);
  const kept = new Float64Array(values.length - markers);
  for (let i = 0, to = 0; i < values.length; i++) {
    if (isStale(words, i)) continue;
    keptTimes[to] = timestampsMs[i] ?? 0;
    kept[to++] = values[i] ?? 0;
  }
  return {
    labels,
    dropName: false,
    timestampsMs: keptTimes,
    values: kept,
    histograms: histograms?.filter((_, i) => !isStale(words, i)),
    starts: starts?.filter((_, i) => !isStale(words, i)),
    buckets: buckets === undefined ? undefined : keptBuckets(buckets, (i) => !isStale(words, i)),
  };
}

/** The results of a subquery's inside as samples at its steps. */
export function rangeOfSubquery(
  context: EvalContext,
  expr: SubqueryExpr,
  grid: Grid,
  inner: Grid,
  evaluated: readonly StepSeries[],
): RangeInput {
  return {
    beforeMs: 0,
    afterMs: 0,
    series: evaluated.map((series) => samplesOfSteps(series, inner)),
    firstEndMs: shiftedTime(context, expr, grid.startMs),
    endStepMs: expr.at === undefined ? grid.stepMs : 0,
    rangeMs: durationMs(context, expr.range, false),
  };
}

function samplesOfSteps(series: StepSeries, grid: Grid): RangeSeries {
  const { labels, dropName, values, present } = series;
  let count = 0;
  for (const state of present) if (state !== absent) count++;
  const timestampsMs = new Float64Array(count);
  const kept = new Float64Array(count);
  for (let i = 0, to = 0; i < present.length; i++) {
    if (present[i] === absent) continue;
    timestampsMs[to] = grid.startMs + i * grid.stepMs;
    kept[to++] = values[i] ?? 0;
  }
  return { labels, dropName, timestampsMs, values: kept, histograms: histogramsOfSteps(series) };
}

/** Between steps of a subquery lie samples that it does not see: what was known of resets holds no longer. */
function histogramsOfSteps({ histograms, present }: StepSeries): HistogramColumn | undefined {
  if (histograms === undefined) return undefined;
  const column: HistogramColumn[number][] = [];
  for (const [i, state] of present.entries()) {
    if (state === absent) continue;
    const found = state === histogram ? histograms[i] : undefined;
    if (found === undefined || found.counterResetHint === "gauge") column.push(found);
    else column.push({ ...found, counterResetHint: "unknown" });
  }
  return column;
}
