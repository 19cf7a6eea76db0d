import type { Labels } from "#shared/model/labels.ts";
import { OperatingError } from "#shared/errors.ts";

/** A native histogram at one moment: what lies between two bounds, the counts not cumulative. */
export type HistogramSample = {
  readonly timeMs: number;
  readonly buckets: readonly {
    readonly lower: number;
    readonly upper: number;
    readonly count: number;
  }[];
};

/** A series on the answer's grid; NaN where it has no sample. */
export type AnswerSeries = {
  readonly labels: Labels;
  readonly values: Float64Array;
  readonly histograms?: readonly HistogramSample[];
};

export type SeriesAnswer = {
  readonly kind: "series";
  readonly timesMs: Float64Array;
  readonly series: readonly AnswerSeries[];
  readonly notices: readonly string[];
};

export type LinesAnswer = {
  readonly kind: "lines";
  readonly streams: readonly {
    readonly labels: Labels;
    readonly lines: readonly { readonly ns: string; readonly text: string }[];
  }[];
  readonly notices: readonly string[];
};

export type Answer =
  | SeriesAnswer
  | LinesAnswer
  | { readonly kind: "text"; readonly text: string; readonly notices: readonly string[] };

export type Grid = { readonly startMs: number; readonly stepMs: number; readonly length: number };

/** Series of one answer that are kept: beyond this a browser has nothing to do with them but to run out of memory. */
const seriesMax = 20_000;
/** Points of one answer that are kept, eight bytes each. */
const pointsMax = 30_000_000;

/**
 * The `data` of Prometheus's and Loki's answers. All series share one array of times, so that charts need not join them.
 * Throws OperatingError("corrupt") for what has another shape.
 */
export function readAnswer(resultType: string, result: unknown, grid: Grid): Answer {
  switch (resultType) {
    case "matrix":
      return matrix(listOf(result), grid);
    case "vector":
      return vector(listOf(result), grid);
    case "scalar": {
      const [seconds, text] = pairOf(result);
      const timesMs = Float64Array.of(seconds * 1_000);
      const series = [{ labels: {}, values: Float64Array.of(numberOf(text)) }];
      return { kind: "series", timesMs, series, notices: [] };
    }
    case "string":
      return { kind: "text", text: String(pairOf(result)[1]), notices: [] };
    case "streams":
      return { kind: "lines", streams: listOf(result).map(streamOf), notices: [] };
    default:
      throw corrupt(`results of the type ${JSON.stringify(resultType)}`);
  }
}

function matrix(result: readonly unknown[], grid: Grid): SeriesAnswer {
  const { startMs, stepMs, length } = grid;
  const most = Math.min(seriesMax, Math.max(1, Math.floor(pointsMax / Math.max(1, length))));
  const series = result.slice(0, most).map((one): AnswerSeries => {
    const { metric, values, histograms } = recordOf(one);
    const column = new Float64Array(length).fill(Number.NaN);
    if (values !== undefined) {
      for (const sample of listOf(values)) {
        const [seconds, text] = pairOf(sample);
        const i = Math.round((seconds * 1_000 - startMs) / stepMs);
        if (i >= 0 && i < length) column[i] = numberOf(text);
      }
    }
    if (histograms === undefined) return { labels: labelsOf(metric), values: column };
    return {
      labels: labelsOf(metric),
      values: column,
      histograms: listOf(histograms).map(histogramOf),
    };
  });
  const timesMs = Float64Array.from({ length }, (_, i) => startMs + i * stepMs);
  return { kind: "series", timesMs, series, notices: tooMany(result.length, most) };
}

function vector(result: readonly unknown[], grid: Grid): SeriesAnswer {
  const series = result.slice(0, seriesMax).map((one): AnswerSeries => {
    const { metric, value, histogram } = recordOf(one);
    const number = value === undefined ? Number.NaN : numberOf(pairOf(value)[1]);
    const values = Float64Array.of(number);
    if (histogram === undefined) return { labels: labelsOf(metric), values };
    return { labels: labelsOf(metric), values, histograms: [histogramOf(histogram)] };
  });
  const timesMs = Float64Array.of(grid.startMs);
  return { kind: "series", timesMs, series, notices: tooMany(result.length, seriesMax) };
}

function tooMany(count: number, most: number): string[] {
  if (count <= most) return [];
  return [
    `${most} of ${count} series kept: narrow the query by labels, or ask for the largest with topk(${Math.min(100, most)}, …)`,
  ];
}

function histogramOf(pair: unknown): HistogramSample {
  const [seconds, value] = pairOf(pair);
  const { buckets } = recordOf(value);
  return {
    timeMs: seconds * 1_000,
    buckets: (buckets === undefined ? [] : listOf(buckets)).map((bucket) => {
      const [, lower, upper, count] = listOf(bucket);
      return { lower: numberOf(lower), upper: numberOf(upper), count: numberOf(count) };
    }),
  };
}

function streamOf(one: unknown): LinesAnswer["streams"][number] {
  const { stream, values } = recordOf(one);
  return {
    labels: labelsOf(stream),
    lines: listOf(values).map((entry) => {
      const [ns, text] = listOf(entry);
      if (typeof ns !== "string" || typeof text !== "string") throw corrupt("a line without text");
      return { ns, text };
    }),
  };
}

/** Sample values are text, because JSON has no NaN and no infinities. */
function numberOf(text: unknown): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw corrupt("no list where one is expected");
}

function pairOf(value: unknown): readonly [number, unknown] {
  if (Array.isArray(value) && typeof value[0] === "number") return [value[0], value[1]];
  throw corrupt("no [time, value] where one is expected");
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  throw corrupt("no object where one is expected");
}

function labelsOf(value: unknown): Labels {
  const labels: Record<string, string> = {};
  for (const [name, text] of Object.entries(recordOf(value))) labels[name] = String(text);
  return labels;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function corrupt(what: string): OperatingError {
  return new OperatingError("corrupt", `the aggregator answered ${what}`);
}
