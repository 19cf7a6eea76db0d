import type { Histogram } from "#shared/model/histogram.ts";
import type { SeriesExemplars } from "#shared/model/exemplars.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { HistogramPoints } from "../answer.ts";
import { populatedBuckets } from "../populated_buckets.ts";
import type { QueryData, QueryStats } from "./engine.ts";
import { formatSample } from "#shared/text/go_float_text.ts";

/**
 * The `data` object of Prometheus's query answers as text: resultType first (Grafana reads it as a stream), values as
 * strings in Go's layout, times as seconds with three decimals or none. Text, since an object a sample would cost more than the query, in
 * pieces that each take a millisecond or two to make.
 */
export function* queryDataJson(
  data: QueryData,
  stats?: QueryStats,
  isWhole = false,
  own?: object,
): Generator<string> {
  yield `{"resultType":"${data.resultType}","result":`;
  yield* resultJson(data);
  yield stats === undefined ? "}" : `,"stats":${statsJson(stats, isWhole, own)}}`;
}

function* resultJson(data: QueryData): Generator<string> {
  switch (data.resultType) {
    case "scalar":
      yield `[${timeJson(data.timeMs)},"${formatSample(data.value)}"]`;
      return;
    case "string":
      yield `[${timeJson(data.timeMs)},${JSON.stringify(data.value)}]`;
      return;
    case "vector": {
      const time = timeJson(data.timeMs);
      yield "[";
      for (const [i, { labels, value, histogram }] of data.series.entries())
        yield `${i === 0 ? "" : ","}{"metric":${labelsJson(labels)},${sampleJson(time, value, histogram)}}`;
      yield "]";
      return;
    }
    case "matrix": {
      const opened = new Map<number, string>();
      yield "[";
      for (const [i, { labels, timestampsMs, values, histograms }] of data.series.entries()) {
        yield `${i === 0 ? "" : ","}{"metric":${labelsJson(labels)}`;
        yield* valuesJson(timestampsMs, values, opened);
        yield* histogramsJson(histograms);
        yield "}";
      }
      yield "]";
      return;
    }
  }
}

function sampleJson(time: string, value: number, histogram: Histogram | undefined): string {
  if (histogram === undefined) return `"value":[${time},"${formatSample(value)}"]`;
  return `"histogram":[${time},${histogramJson(histogram)}]`;
}

/** Points in one piece of text. */
const pointsAtOnce = 5_000;

function* valuesJson(
  timestampsMs: Float64Array,
  values: Float64Array,
  opened: Map<number, string>,
): Generator<string> {
  if (values.length === 0) return;
  yield ',"values":[';
  for (let from = 0; from < values.length; from += pointsAtOnce) {
    const to = Math.min(values.length, from + pointsAtOnce);
    yield pointsJson(timestampsMs, values, from, to, opened);
  }
  yield '"]]';
}

function* histogramsJson(points: HistogramPoints | undefined): Generator<string> {
  if (points === undefined) return;
  yield ',"histograms":[';
  for (const [i, histogram] of points.values.entries())
    yield `${i === 0 ? "" : ","}[${timeJson(points.timestampsMs[i] ?? 0)},${histogramJson(histogram)}]`;
  yield "]";
}

function histogramJson(histogram: Histogram): string {
  const { lower, upper, counts, bounds } = populatedBuckets(histogram);
  const buckets: string[] = [];
  for (const [i, count] of counts.entries()) {
    const between = `"${formatSample(lower[i] ?? 0)}","${formatSample(upper[i] ?? 0)}"`;
    buckets.push(`[${bounds[i]},${between},"${formatSample(count)}"]`);
  }
  const tail = buckets.length === 0 ? "" : `,"buckets":[${buckets.join(",")}]`;
  return `{"count":"${formatSample(histogram.count)}","sum":"${formatSample(histogram.sum)}"${tail}}`;
}

/** Up to the last value. `opened` holds the text from one value to the next by time: the steps are the same for all series. */
function pointsJson(
  timestampsMs: Float64Array,
  values: Float64Array,
  from: number,
  to: number,
  opened: Map<number, string>,
): string {
  const parts: string[] = [];
  for (let i = from; i < to; i++) {
    const timeMs = timestampsMs[i] ?? 0;
    let open = opened.get(timeMs);
    if (open === undefined) opened.set(timeMs, (open = `"],[${timeJson(timeMs)},"`));
    parts.push(open, formatSample(values[i] ?? 0));
  }
  // Joining is cheaper than adding up; the first piece of all closes a value that is not there.
  const text = parts.join("");
  return from === 0 ? text.slice(3) : text;
}

/** The `data` of /query_exemplars. */
export function exemplarsJson(series: readonly SeriesExemplars[]): string {
  const rows = series.map(({ labels, exemplars }) => {
    const points = exemplars.map(
      (one) =>
        `{"labels":${labelsJson(one.labels)},"value":"${formatSample(one.value)}","timestamp":${timeJson(one.timestampMs)}}`,
    );
    return `{"seriesLabels":${labelsJson(labels)},"exemplars":[${points.join(",")}]}`;
  });
  return `[${rows.join(",")}]`;
}

/** Labels in the order of their names. */
export function labelsJson(labels: Labels): string {
  const pairs = Object.keys(labels)
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${JSON.stringify(labels[name])}`);
  return `{${pairs.join(",")}}`;
}

/** Unix milliseconds as seconds. */
function timeJson(timeMs: number): string {
  const size = Math.abs(Math.round(timeMs));
  const fraction = size % 1_000;
  const seconds = `${timeMs < 0 ? "-" : ""}${(size - fraction) / 1_000}`;
  return fraction === 0 ? seconds : `${seconds}.${String(fraction).padStart(3, "0")}`;
}

/** What a query cost, as Prometheus names it. Times in seconds. */
export function queryFigures({ queuedMs, prepareMs, evaluateMs, sortMs, ...rest }: QueryStats) {
  const totalMs = prepareMs + evaluateMs + sortMs;
  return {
    timings: {
      evalTotalTime: totalMs / 1_000,
      resultSortTime: sortMs / 1_000,
      queryPreparationTime: prepareMs / 1_000,
      innerEvalTime: evaluateMs / 1_000,
      execQueueTime: queuedMs / 1_000,
      execTotalTime: (queuedMs + totalMs) / 1_000,
    },
    totalQueryableSamples: sum(rest.steps?.total),
    samplesRead: sum(rest.steps?.read),
    peakSamples: rest.peakSamples,
  };
}

/** `isWhole` tells of every step too; `own` is what Prometheus does not have. */
function statsJson(stats: QueryStats, isWhole: boolean, own: object | undefined): string {
  const { steps } = stats;
  const { timings, totalQueryableSamples, samplesRead, peakSamples } = queryFigures(stats);
  const perStep = (counts: Float64Array) =>
    Array.from(counts, (count, i) => [
      ((steps?.startMs ?? 0) + i * (steps?.stepMs ?? 0)) / 1_000,
      count,
    ]);
  const shown = isWhole ? steps : undefined;
  return JSON.stringify({
    ...(own === undefined ? {} : { lapwing: own }),
    timings,
    samples: {
      ...(shown === undefined ? {} : { totalQueryableSamplesPerStep: perStep(shown.total) }),
      totalQueryableSamples,
      ...(shown === undefined ? {} : { samplesReadPerStep: perStep(shown.read) }),
      samplesRead,
      peakSamples,
    },
  });
}

function sum(counts: Float64Array | undefined): number {
  return counts?.reduce((all, one) => all + one, 0) ?? 0;
}
