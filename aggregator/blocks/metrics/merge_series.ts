import { sortInTurns } from "#shared/async/sort_in_turns.ts";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { OperatingError } from "#shared/errors.ts";
import type { FineMarks } from "#shared/model/metrics.ts";
import type { Histogram, HistogramColumn } from "#shared/model/histogram.ts";
import { wordsOf } from "#shared/model/special_values.ts";
import type { SelectRequest, SeriesSamples } from "../../read/source.ts";
import { joinedStarts } from "../../read/start_timestamps.ts";
import { concatenate, isAscending } from "../../duckdb/columns.ts";
import { throwIfAborted } from "../../duckdb/duckdb.ts";
import { compareTexts } from "../series/labels_text.ts";
import { withUnknownReset } from "./histogram_rows.ts";
import { Slabs } from "./metrics_columns.ts";
import { type Plan, type PlanRequest, MergePlans } from "./merge_places.ts";
import type { DecodedSeries } from "./series_pieces.ts";

/**
 * Series out of what several blocks (in the order of commit) have of them, cut to the span, sorted by labels. Where two
 * blocks hold the same time of a series, the first that was committed stands. Series of equal times share an array of them.
 */
export async function mergeSeries(
  blocks: readonly (readonly DecodedSeries[])[],
  request: PlanRequest & Pick<SelectRequest, "signal">,
  samplesMax: number,
): Promise<SeriesSamples[]> {
  const bySeries = new Map<string, DecodedSeries[]>();
  for (const block of blocks) {
    for (const [i, series] of block.entries()) {
      if (i % seriesBetweenPauses === 0) await othersTurn(request.signal);
      const known = bySeries.get(series.key);
      if (known === undefined) bySeries.set(series.key, [series]);
      else known.push(series);
    }
  }
  const plans = new MergePlans(request);
  const merged: SeriesSamples[] = [];
  let samples = 0;
  let pauseAt = samplesBetweenPauses;
  let number = 0;
  const slabs = new Slabs();
  let left = bySeries.size;
  for (const key of await sortedKeys(bySeries, request.signal)) {
    if (samples >= pauseAt || ++number % seriesBetweenPauses === 0) {
      pauseAt = samples + samplesBetweenPauses;
      await othersTurn(request.signal);
    }
    const pieces = bySeries.get(key) ?? [];
    const plan = plans.of(pieces);
    if (plan.timestampsMs.length === 0) continue;
    samples += plan.timestampsMs.length;
    if (samples > samplesMax)
      throw new OperatingError("overloaded", `query reads more than ${samplesMax} samples`);
    const memory = { slabs, expected: left-- * plan.timestampsMs.length };
    merged.push(withStarts(assemble(plan, pieces, memory), pieces));
  }
  return merged;
}

/** Copying so many takes a few milliseconds. */
const samplesBetweenPauses = 250_000;
/** Series of few samples cost by themselves. */
const seriesBetweenPauses = 256;

export async function othersTurn(signal: AbortSignal | undefined): Promise<void> {
  if (!isTurnOver()) return;
  await nextTurn();
  throwIfAborted(signal);
}

/** Nearly always they come in order: a block's series lie sorted, and blocks hold the same ones. */
export async function sortedKeys(
  byKey: ReadonlyMap<string, unknown>,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const keys = [...byKey.keys()];
  for (let i = 1; i < keys.length; i++) {
    if ((keys[i] ?? "") < (keys[i - 1] ?? ""))
      return sortInTurns(keys, compareTexts, () => othersTurn(signal));
  }
  return keys;
}

/** `expected` values are still to come from the slabs, about. */
function assemble(
  plan: Plan,
  pieces: readonly DecodedSeries[],
  { slabs, expected }: { readonly slabs: Slabs; readonly expected: number },
): SeriesSamples {
  const { labels, key } = pieces[0] ?? { labels: {}, key: "" };
  const { timestampsMs } = plan;
  const [only] = plan.cuts;
  if (only !== undefined && plan.cuts.length === 1 && only.picks === undefined) {
    const piece = pieces[only.piece];
    const values = piece?.values.subarray(only.begin, only.end) ?? new Float64Array(0);
    const histograms = piece?.histograms?.slice(only.begin, only.end);
    const fine = piece?.fine?.subarray(only.begin, only.end);
    return withRare({ labels, key, timestampsMs, values }, histograms, fine);
  }
  const values = slabs.take(timestampsMs.length, expected);
  let at = 0;
  for (const { piece, begin, end, picks } of plan.cuts) {
    const from = pieces[piece];
    if (from === undefined) continue;
    if (picks === undefined) {
      values.set(from.values.subarray(begin, end), at);
      at += end - begin;
    } else {
      if (from.mayHoldNans) pickWords(from.values, picks, values, at);
      else pick(from.values, picks, values, at);
      at += picks.length;
    }
  }
  const histograms = cutHistograms(plan, pieces);
  const fine = cutMarks(plan, pieces);
  if (plan.isAscending) return withRare({ labels, key, timestampsMs, values }, histograms, fine);
  // In the order of commit, so that of equal times the first stands.
  let start = 0;
  const parts = plan.cuts.map(({ piece, begin, end, picks }) => {
    const length = picks?.length ?? end - begin;
    const part = {
      labels,
      key,
      timestampsMs: timestampsMs.subarray(start, start + length),
      values: values.subarray(start, start + length),
      histograms: histograms?.slice(start, start + length),
      fine: fine?.subarray(start, start + length),
    };
    start += length;
    return { piece, part };
  });
  return interleave(parts.toSorted((a, b) => a.piece - b.piece).map(({ part }) => part));
}

/** Without the keys where there are none: nearly all series are of numbers alone, and none of them fine. */
function withRare(
  series: SeriesSamples,
  histograms: HistogramColumn | undefined,
  fine: FineMarks | undefined,
): SeriesSamples {
  if (histograms === undefined && fine === undefined) return series;
  return {
    ...series,
    ...(histograms === undefined ? {} : { histograms }),
    ...(fine === undefined ? {} : { fine }),
  };
}

function cutMarks(
  { cuts, timestampsMs }: Plan,
  pieces: readonly { readonly fine?: FineMarks | undefined }[],
): FineMarks | undefined {
  if (pieces.every(({ fine }) => fine === undefined)) return undefined;
  const all = new Uint8Array(timestampsMs.length);
  let at = 0;
  for (const { piece, begin, end, picks } of cuts) {
    const fine = pieces[piece]?.fine;
    if (picks === undefined) {
      if (fine !== undefined) all.set(fine.subarray(begin, end), at);
      at += end - begin;
    } else for (const i of picks) all[at++] = fine?.[i] ?? 0;
  }
  return all;
}

/** Where a sample gets another one before it, nothing is known of a reset between the two. */
export function cutHistograms(
  { cuts }: Pick<Plan, "cuts">,
  pieces: readonly { readonly histograms?: HistogramColumn | undefined }[],
): HistogramColumn | undefined {
  if (pieces.every(({ histograms }) => histograms === undefined)) return undefined;
  const all: (Histogram | undefined)[] = [];
  for (const { piece, begin, end, picks } of cuts) {
    const from = pieces[piece]?.histograms;
    let before = -1;
    for (const i of picks ?? Uint32Array.from({ length: end - begin }, (_, at) => begin + at)) {
      const histogram = from?.[i];
      const isNext = before >= 0 && i === before + 1;
      all.push(isNext || histogram === undefined ? histogram : withUnknownReset(histogram));
      before = i;
    }
  }
  return all;
}

/** The columns of some pieces, one after another; absent where none has any. */
function joinHistograms(pieces: readonly SeriesSamples[]): HistogramColumn | undefined {
  if (pieces.every(({ histograms }) => histograms === undefined)) return undefined;
  return pieces.flatMap(({ values, histograms }) =>
    Array.from(values, (_, i) => {
      const histogram = histograms?.[i];
      return histogram === undefined || i > 0 ? histogram : withUnknownReset(histogram);
    }),
  );
}

/** The marks of some pieces, one after another; undefined where none has any. */
function joinedMarks(
  pieces: readonly Pick<SeriesSamples, "timestampsMs" | "fine">[],
): FineMarks | undefined {
  if (pieces.every(({ fine }) => fine === undefined)) return undefined;
  const length = pieces.reduce((sum, { timestampsMs }) => sum + timestampsMs.length, 0);
  const joined = new Uint8Array(length);
  let at = 0;
  for (const { timestampsMs, fine } of pieces) {
    if (fine !== undefined) joined.set(fine, at);
    at += timestampsMs.length;
  }
  return joined;
}

function pick(from: Float64Array, picks: Uint32Array, into: Float64Array, at: number): void {
  for (let i = 0; i < picks.length; i++) into[at + i] = from[picks[i] ?? 0] ?? 0;
}

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

/** The pieces of one series as one. */
export function joinPieces(pieces: readonly SeriesSamples[]): SeriesSamples {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  const sorted = pieces.toSorted((a, b) => (a.timestampsMs[0] ?? 0) - (b.timestampsMs[0] ?? 0));
  const joined = {
    ...named(only),
    timestampsMs: concatenate(sorted.map(({ timestampsMs }) => timestampsMs)),
    values: concatenate(sorted.map(({ values }) => values)),
  };
  if (!isAscending(joined.timestampsMs)) return withStarts(interleave(pieces), pieces);
  return withStarts(withRare(joined, joinHistograms(sorted), joinedMarks(sorted)), sorted);
}

/** Start timestamps of what was put together out of these pieces. */
function withStarts(
  series: SeriesSamples,
  pieces: readonly Pick<SeriesSamples, "timestampsMs" | "starts">[],
): SeriesSamples {
  const starts = joinedStarts(series.timestampsMs, pieces);
  return starts === undefined ? series : { ...series, starts };
}

/** Stable: of equal times the earlier piece's comes first, and only it is kept. */
function interleave(pieces: readonly SeriesSamples[]): SeriesSamples {
  const times = concatenate(pieces.map(({ timestampsMs }) => timestampsMs));
  const values = concatenate(pieces.map((piece) => piece.values));
  const order = Uint32Array.from(times, (_, i) => i).toSorted(
    (a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b,
  );
  const sortedTimes = new Float64Array(times.length);
  const sortedValues = new Float64Array(times.length);
  const from = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const to = new Uint32Array(sortedValues.buffer);
  const histograms = joinHistograms(pieces);
  const sortedHistograms: (Histogram | undefined)[] = [];
  const fine = joinedMarks(pieces);
  const sortedFine = fine && new Uint8Array(times.length);
  let count = 0;
  for (const i of order) {
    const time = times[i] ?? 0;
    if (count > 0 && sortedTimes[count - 1] === time) continue;
    sortedTimes[count] = time;
    // As two words: a number would lose a NaN's payload.
    to[2 * count] = from[2 * i] ?? 0;
    to[2 * count + 1] = from[2 * i + 1] ?? 0;
    const histogram = histograms?.[i];
    sortedHistograms[count] = histogram === undefined ? undefined : withUnknownReset(histogram);
    if (sortedFine !== undefined) sortedFine[count] = fine?.[i] ?? 0;
    count += 1;
  }
  const sorted = {
    ...named(pieces[0]),
    timestampsMs: sortedTimes.subarray(0, count),
    values: sortedValues.subarray(0, count),
  };
  const marks = sortedFine?.subarray(0, count);
  return withRare(sorted, histograms === undefined ? undefined : sortedHistograms, marks);
}

function named(series: SeriesSamples | undefined): Pick<SeriesSamples, "labels" | "key"> {
  const labels = series?.labels ?? {};
  return series?.key === undefined ? { labels } : { labels, key: series.key };
}
