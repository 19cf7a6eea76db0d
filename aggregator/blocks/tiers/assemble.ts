import type { HistogramColumn } from "#shared/model/histogram.ts";
import type { Labels } from "#shared/model/labels.ts";
import { labelsKey } from "#shared/model/labels.ts";
import { wordsOf } from "#shared/model/special_values.ts";
import type { BucketColumn, SeriesSamples, TierSpan } from "../../read/source.ts";
import { concatenate, lowerBound } from "../../duckdb/columns.ts";
import type { PieceCut, Plan } from "../metrics/merge_places.ts";
import { cutHistograms, joinPieces } from "../metrics/merge_series.ts";
import { BucketBuffer, type BucketSeries } from "./bucket_buffer.ts";
import { combineBuckets } from "./combine.ts";

type Columns = Readonly<Partial<Record<BucketColumn, Float64Array>>>;

/** A part of a series, samples or buckets. */
export type Piece = {
  readonly key: string;
  readonly labels: Labels;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly columns: Columns;
  readonly histograms?: HistogramColumn | undefined;
};

/** Samples as buckets of one sample each. */
export function rawPiece(series: SeriesSamples, columns: readonly BucketColumn[]): Piece {
  const { labels, timestampsMs, values, histograms } = series;
  const key = series.key ?? labelsKey(labels);
  return { key, labels, timestampsMs, values, columns: trivial(series, columns), histograms };
}

function trivial(
  { timestampsMs, values, fine }: Pick<SeriesSamples, "timestampsMs" | "values" | "fine">,
  columns: readonly BucketColumn[],
): Columns {
  const own: Partial<Record<BucketColumn, Float64Array>> = {};
  for (const name of columns) {
    if (name === "firstMs") own[name] = timestampsMs;
    else if (name === "resets") own[name] = same(0, values.length);
    else if (name === "fine")
      own[name] = fine === undefined ? same(0, values.length) : Float64Array.from(fine);
    else if (name === "count") own[name] = same(1, values.length);
    else own[name] = values;
  }
  return own;
}

const constants = new Map<number, Float64Array>();
const constantsLengthMax = 1 << 16;

/** A column of one value; the same memory for all that are short. Read only. */
function same(value: number, length: number): Float64Array {
  if (length > constantsLengthMax) return new Float64Array(length).fill(value);
  let known = constants.get(value);
  if (known === undefined)
    constants.set(value, (known = new Float64Array(constantsLengthMax).fill(value)));
  return known.subarray(0, length);
}

/** The pieces of one series, as the plan of their times puts them together; pieces do not overlap in time. */
export function assembleBuckets(
  { cuts, timestampsMs }: Plan,
  pieces: readonly Piece[],
  spans: readonly TierSpan[],
  columns: readonly BucketColumn[],
  joins: JoinedColumns,
): SeriesSamples {
  const take = (of: (piece: Piece) => Float64Array | undefined): Float64Array =>
    joins.join(
      cuts,
      timestampsMs.length,
      cuts.map(({ piece }) => {
        const from = pieces[piece];
        return (from === undefined ? undefined : of(from)) ?? nothing;
      }),
    );
  const { key, labels } = pieces[0] ?? { key: "", labels: {} };
  const own: Partial<Record<BucketColumn, Float64Array>> = {};
  for (const name of columns) own[name] = take((piece) => piece.columns[name]);
  const values = take((piece) => piece.values);
  const histograms = cutHistograms({ cuts }, pieces);
  const series = { key, labels, timestampsMs, values, buckets: { spans, columns: own } };
  return histograms === undefined ? series : { ...series, histograms };
}

type Join = {
  readonly cuts: readonly PieceCut[];
  readonly parts: readonly Float64Array[];
  readonly whole: Float64Array;
};

/**
 * Columns cut and put together, once for all that are made of the same parts in the same way: how many samples buckets have, when the first
 * was, and what never changes is one array for many series of a block. Lives as long as one read.
 */
export class JoinedColumns {
  /** By the first part; the cuts of series with the same times are the same array. */
  readonly #known = new Map<Float64Array, Join[]>();

  /** `parts` are parallel to the cuts; one without any values counts as zeros. */
  join(cuts: readonly PieceCut[], length: number, parts: readonly Float64Array[]): Float64Array {
    const [first] = parts;
    if (first === undefined) return nothing;
    let known = this.#known.get(first);
    if (known === undefined) this.#known.set(first, (known = []));
    for (const one of known)
      if (one.cuts === cuts && one.parts.every((part, i) => part === parts[i])) return one.whole;
    const whole = joinedCuts(cuts, length, parts);
    if (known.length < candidatesMax) known.push({ cuts, parts, whole });
    return whole;
  }
}

/** Where more columns begin alike, the search would cost more than the copies. */
const candidatesMax = 8;

function joinedCuts(
  cuts: readonly PieceCut[],
  length: number,
  parts: readonly Float64Array[],
): Float64Array {
  const [only] = cuts;
  if (only !== undefined && cuts.length === 1 && only.picks === undefined)
    return parts[0]?.subarray(only.begin, only.end) ?? nothing;
  const whole = new Float64Array(length);
  let at = 0;
  for (let i = 0; i < cuts.length; i++) {
    const [cut, part = nothing] = [cuts[i], parts[i]];
    if (cut === undefined) continue;
    const { begin, end, picks } = cut;
    if (part.length > 0) {
      if (picks !== undefined) pickWords(part, picks, whole, at);
      else whole.set(begin === 0 && end === part.length ? part : part.subarray(begin, end), at);
    }
    at += picks?.length ?? end - begin;
  }
  return whole;
}

const nothing = new Float64Array(0);

/** As two words each: a number would lose a NaN's payload. */
function pickWords(from: Float64Array, picks: Uint32Array, into: Float64Array, at: number): void {
  const source = wordsOf(from);
  const target = wordsOf(into);
  for (let i = 0; i < picks.length; i++) {
    const index = picks[i] ?? 0;
    target[2 * (at + i)] = source[2 * index] ?? 0;
    target[2 * (at + i) + 1] = source[2 * index + 1] ?? 0;
  }
}

/** A series out of blocks, some of it in buckets, and what the head has of it; of equal times the committed sample stands. */
export function joinRecent(
  committed: SeriesSamples,
  recent: SeriesSamples,
  spans: readonly TierSpan[],
  columns: readonly BucketColumn[],
): SeriesSamples {
  const parts: SeriesSamples[] = [];
  for (const span of spans) {
    const old = within(committed, span);
    const late = within(recent, span);
    if (late.values.length === 0) parts.push(withTrivial(old, spans, columns));
    else if (span.bucketMs === 0)
      parts.push(withTrivial(joinPieces([old, late].filter(hasEntries)), spans, columns));
    else parts.push(combined(old, late, span.bucketMs, spans));
  }
  const filled = parts.filter(hasEntries);
  const [only] = filled;
  if (only !== undefined && filled.length === 1) return only;
  const take = (of: (part: SeriesSamples) => Float64Array | undefined) =>
    concatenate(filled.map((part) => of(part) ?? nothing));
  const own: Partial<Record<BucketColumn, Float64Array>> = {};
  for (const name of columns) own[name] = take((part) => part.buckets?.columns[name]);
  const { labels, key } = committed;
  const hasHistograms = filled.some(({ histograms }) => histograms !== undefined);
  return {
    labels,
    ...(key === undefined ? {} : { key }),
    timestampsMs: take(({ timestampsMs }) => timestampsMs),
    values: take(({ values }) => values),
    buckets: { spans, columns: own },
    ...(hasHistograms
      ? {
          histograms: filled.flatMap(({ values, histograms }) =>
            Array.from(values, (_, i) => histograms?.[i]),
          ),
        }
      : {}),
  };
}

function hasEntries({ values }: SeriesSamples): boolean {
  return values.length > 0;
}

function withTrivial(
  series: SeriesSamples,
  spans: readonly TierSpan[],
  columns: readonly BucketColumn[],
): SeriesSamples {
  if (series.buckets !== undefined) return series;
  return { ...series, buckets: { spans, columns: trivial(series, columns) } };
}

function within(series: SeriesSamples, { afterMs, untilMs }: TierSpan): SeriesSamples {
  const { timestampsMs, values, histograms, starts, fine, buckets } = series;
  const begin = afterMs === -Infinity ? 0 : lowerBound(timestampsMs, afterMs + 1);
  const end = untilMs === Infinity ? values.length : lowerBound(timestampsMs, untilMs + 1);
  if (begin === 0 && end === values.length) return series;
  const own: Partial<Record<BucketColumn, Float64Array>> = { ...buckets?.columns };
  for (const [name, column] of Object.entries(buckets?.columns ?? {}))
    Object.assign(own, { [name]: column.subarray(begin, end) });
  return {
    ...series,
    timestampsMs: timestampsMs.subarray(begin, end),
    values: values.subarray(begin, end),
    ...(histograms === undefined ? {} : { histograms: histograms.slice(begin, end) }),
    ...(starts === undefined ? {} : { starts: starts.subarray(begin, end) }),
    ...(fine === undefined ? {} : { fine: fine.subarray(begin, end) }),
    ...(buckets === undefined ? {} : { buckets: { ...buckets, columns: own } }),
  };
}

/** Late samples among buckets. */
function combined(
  old: SeriesSamples,
  late: SeriesSamples,
  bucketMs: number,
  spans: readonly TierSpan[],
): SeriesSamples {
  const buffer = new BucketBuffer();
  combineBuckets([asBuckets(old), asBuckets(late)], bucketMs, buffer);
  const { columns, ...series } = buffer.copy(old.labels, old.key);
  return { ...series, buckets: { spans, columns } };
}

/** Columns that were not asked for hold anything. */
function asBuckets(series: SeriesSamples): BucketSeries {
  const { labels, timestampsMs, values, histograms, buckets } = series;
  const all = ["count", "fine", "sum", "min", "max", "first", "firstMs", "resets"] as const;
  const columns = buckets?.columns ?? trivial(series, all);
  return {
    labels,
    timestampsMs,
    values,
    histograms,
    columns: {
      count: columns.count ?? values,
      fine: columns.fine ?? values,
      sum: columns.sum ?? values,
      min: columns.min ?? values,
      max: columns.max ?? values,
      first: columns.first ?? values,
      firstMs: columns.firstMs ?? timestampsMs,
      resets: columns.resets ?? values,
    },
  };
}
