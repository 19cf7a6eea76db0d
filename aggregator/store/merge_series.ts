import { OperatingError } from "#shared/errors.ts";
import type { SeriesSamples } from "../query/source.ts";
import { concatenate, type DecodedSeries, type Span } from "./metrics_reader.ts";

/**
 * Series out of their pieces in several blocks (in the order of commit), cut to the span, sorted by labels. Where two blocks hold
 * the same time of a series, the first that was committed stands.
 */
export function mergeSeries(
  pieces: readonly DecodedSeries[],
  { startMs, endMs }: Span,
  samplesMax: number,
): SeriesSamples[] {
  const bySeries = new Map<string, SeriesSamples[]>();
  let samples = 0;
  for (const { key, labels, timestampsMs, values } of pieces) {
    const begin = lowerBound(timestampsMs, startMs);
    const end = lowerBound(timestampsMs, endMs + 1);
    if (begin >= end) continue;
    samples += end - begin;
    if (samples > samplesMax)
      throw new OperatingError("overloaded", `query reads more than ${samplesMax} samples`);
    const piece = {
      labels,
      timestampsMs: timestampsMs.subarray(begin, end),
      values: values.subarray(begin, end),
    };
    const known = bySeries.get(key);
    if (known === undefined) bySeries.set(key, [piece]);
    else known.push(piece);
  }
  const keys = [...bySeries.keys()].toSorted();
  return keys.map((key) => joinPieces(bySeries.get(key) ?? []));
}

/** The pieces of one series as one. */
export function joinPieces(pieces: readonly SeriesSamples[]): SeriesSamples {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  const sorted = pieces.toSorted((a, b) => (a.timestampsMs[0] ?? 0) - (b.timestampsMs[0] ?? 0));
  const joined = {
    labels: only?.labels ?? {},
    timestampsMs: concatenate(sorted.map(({ timestampsMs }) => timestampsMs)),
    values: concatenate(sorted.map(({ values }) => values)),
  };
  return isAscending(joined.timestampsMs) ? joined : interleave(pieces);
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
  let count = 0;
  for (const i of order) {
    const time = times[i] ?? 0;
    if (count > 0 && sortedTimes[count - 1] === time) continue;
    sortedTimes[count] = time;
    // As two words: a number would lose a NaN's payload.
    to[2 * count] = from[2 * i] ?? 0;
    to[2 * count + 1] = from[2 * i + 1] ?? 0;
    count += 1;
  }
  return {
    labels: pieces[0]?.labels ?? {},
    timestampsMs: sortedTimes.subarray(0, count),
    values: sortedValues.subarray(0, count),
  };
}

function isAscending(times: Float64Array): boolean {
  for (let i = 1; i < times.length; i++) if ((times[i] ?? 0) <= (times[i - 1] ?? 0)) return false;
  return true;
}

/** Index of the first time that is not before `time`. */
export function lowerBound(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
