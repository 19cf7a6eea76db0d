import type { HistogramColumn } from "#shared/model/histogram.ts";
import { withDetectedResets } from "#shared/model/histogram_resets.ts";
import { hasNans, isStale, wordsOf } from "#shared/model/special_values.ts";
import type { SeriesSamples } from "../../../read/source.ts";
import { keptBuckets, widestBucket } from "../model/tier_times.ts";
import { LookUps, type Shown } from "../model/look_ups.ts";
import type { MatrixExpr, SelectorExpr, SubqueryExpr } from "#shared/query_language/promql/ast.ts";
import { type EvalContext, breathe, durationMs, shiftedTime, spend } from "../model/context.ts";
import { type Smoothing, smooth } from "../windows/smoothed_selector.ts";
import type { RangeInput, RangeSeries } from "../model/window.ts";
import {
  type Grid,
  type StepSeries,
  absent,
  gridEnd,
  hasSample,
  histogram,
  newSeries,
} from "../model/values.ts";

/**
 * Each step takes the newest sample in (t - lookback, t]; nothing when that is a stale marker. Which sample that is, is found once for all series
 * with the same times. Times and starts that are shown instead are seconds, and those of samples, smoothed or not, as in
 * Prometheus. An anchored selector without a range means what it means without the word.
 */
export async function evaluateSelector(
  context: EvalContext,
  selector: SelectorExpr,
  grid: Grid,
  shown: Shown = "values",
): Promise<StepSeries[]> {
  const out: StepSeries[] = [];
  const fromMs = shiftedTime(context, selector, grid.startMs);
  if (shiftedTime(context, selector, gridEnd(grid)) < fromMs) return out;
  const stepMs = selector.at === undefined ? grid.stepMs : 0;
  const { budget, counts, lookbackMs } = context;
  const lookUps = new LookUps({ fromMs, stepMs, lookbackMs, count: grid.count, shown });
  const fetched = context.fetched.get(selector) ?? [];
  for (let i = 0; i < fetched.length; i++) {
    if (i % seriesAtOnce === 0) await breathe(budget);
    const samples = fetched[i];
    if (samples === undefined) continue;
    const series =
      selector.edges === "smoothed" && shown === "values"
        ? smoothed(context, selector, samples, { fromMs, stepMs, lookbackMs }, grid)
        : lookUps.of(withHints(context, selector, samples));
    if (series === undefined) continue;
    spend(budget, grid.count);
    counts?.addSelected(series, grid, selector.at !== undefined);
    out.push(series);
  }
  return out;
}

/** Series between two looks at the clock. */
const seriesAtOnce = 64;

function smoothed(
  context: EvalContext,
  selector: SelectorExpr,
  samples: SeriesSamples,
  how: Smoothing,
  grid: Grid,
): StepSeries | undefined {
  const series = newSeries(samples.labels, grid.count);
  const hinted = withHints(context, selector, samples);
  const notes = { notes: context.notes, span: selector.span };
  smooth(series, withoutMarkers(hinted), reaching(how, hinted, grid), notes);
  return hasSample(series) ? series : undefined;
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

/** Among buckets, of which only the last samples are seen, the next one may be a bucket away. */
function reaching(how: Smoothing, { buckets }: SeriesSamples, { count }: Grid): Smoothing {
  if (buckets === undefined) return how;
  const { fromMs, stepMs, lookbackMs } = how;
  const lastMs = fromMs + (count - 1) * stepMs;
  const widestMs = widestBucket(buckets.spans, fromMs - lookbackMs, lastMs + lookbackMs);
  return { ...how, lookbackMs: Math.max(lookbackMs, widestMs) };
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

const noWords = new Uint32Array(0);

function withoutMarkers(samples: SeriesSamples): RangeSeries {
  const { labels, timestampsMs, values, histograms, starts, fine, buckets } = samples;
  const words = hasNans(values) ? wordsOf(values) : noWords;
  let markers = 0;
  for (let i = 0; 2 * i < words.length; i++) if (isStale(words, i)) markers++;
  if (markers === 0)
    return { labels, dropName: false, timestampsMs, values, histograms, starts, fine, buckets };
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
    fine: fine?.filter((_, i) => !isStale(words, i)),
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
