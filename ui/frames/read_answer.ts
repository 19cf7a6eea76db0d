import { assertNever } from "#shared/assert.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { ReadAnswer } from "#proto/columns/answer_reader.ts";
import type { ReadLine } from "#proto/columns/read_lines.ts";
import {
  type ReadHistogram,
  type ReadSeries,
  gridTimes,
  onGrid,
} from "#proto/columns/series_reader.ts";

/** A series on the answer's grid; NaN where it has no sample. */
export type AnswerSeries = {
  readonly labels: Labels;
  readonly values: Float64Array;
  readonly histograms?: readonly ReadHistogram[];
};

export type SeriesAnswer = {
  readonly kind: "series";
  readonly timesMs: Float64Array;
  readonly series: readonly AnswerSeries[];
  readonly notices: readonly string[];
};

export type AnswerLine = { readonly ns: string; readonly text: string; readonly labels: Labels };

export type LinesAnswer = {
  readonly kind: "lines";
  readonly lines: readonly AnswerLine[];
  readonly notices: readonly string[];
};

export type Answer =
  | SeriesAnswer
  | LinesAnswer
  | { readonly kind: "text"; readonly text: string; readonly notices: readonly string[] };

/** Series of one answer that are kept: beyond this a browser has nothing to do with them but to run out of memory. */
const seriesMax = 20_000;
/** Points of one answer that are kept, eight bytes each. */
const pointsMax = 30_000_000;

/** How many series of an answer with so many steps are kept. */
export function seriesKept(steps: number): number {
  return Math.min(seriesMax, Math.max(1, Math.floor(pointsMax / Math.max(1, steps))));
}

/**
 * What frames are made of. All series share one array of times, so that charts need not join them. Stored samples have times of their own,
 * of which only `atMs`, the moment that was asked for, is kept.
 */
export function answerOf(read: ReadAnswer, atMs: number): Answer {
  switch (read.type) {
    case "matrix":
    case "vector":
    case "scalar": {
      const { grid, seriesCount } = read;
      const timesMs = grid === undefined ? Float64Array.of(atMs) : gridTimes(grid);
      const series = read.series.map((one): AnswerSeries => {
        const values = grid === undefined ? valueAt(one, atMs) : onGrid(one, grid);
        const { labels, histograms } = one;
        return histograms === undefined ? { labels, values } : { labels, values, histograms };
      });
      return { kind: "series", timesMs, series, notices: tooMany(seriesCount, series.length) };
    }
    case "string":
      return { kind: "text", text: read.text, notices: [] };
    case "streams":
      return { kind: "lines", lines: withOneSetOfLabels(read.lines), notices: [] };
    default:
      return assertNever(read);
  }
}

function valueAt({ values, timesMs }: ReadSeries, atMs: number): Float64Array {
  const at = timesMs?.lastIndexOf(atMs) ?? -1;
  return Float64Array.of(values[at] ?? Number.NaN);
}

function tooMany(count: number, kept: number): string[] {
  if (count <= kept) return [];
  return [
    `${kept} of ${count} series kept: narrow the query by labels, or ask for the largest with topk(${Math.min(100, kept)}, …)`,
  ];
}

/** Lines that have the same labels share one object. */
function withOneSetOfLabels(lines: readonly ReadLine[]): AnswerLine[] {
  const numbers = new Map<Labels, number>();
  const numberOf = (labels: Labels): number => {
    const known = numbers.get(labels) ?? numbers.size;
    numbers.set(labels, known);
    return known;
  };
  const merged = new Map<string, Labels>();
  return lines.map(({ timestampNs, text, stream, metadata, parsed }) => {
    const key = `${numberOf(stream)} ${numberOf(metadata)} ${numberOf(parsed)}`;
    let labels = merged.get(key);
    if (labels === undefined) {
      labels = { ...stream, ...metadata, ...parsed };
      merged.set(key, labels);
    }
    return { ns: String(timestampNs), text, labels };
  });
}
