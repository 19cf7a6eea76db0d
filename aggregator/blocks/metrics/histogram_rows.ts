import {
  type Buckets,
  bucketsOf,
  type Histogram,
  type HistogramColumn,
  sameCustomValues,
} from "#shared/model/histogram.ts";
import { detectReset } from "#shared/model/histogram_resets.ts";
import { decodeValues, encodeValues } from "./value_codec.ts";

/** Histograms of one series, one layout and one unbroken counter (or of a gauge), as one row of a block has them. */
export type HistogramRow = {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly customValues: readonly number[];
  readonly isGauge: boolean;
  /** Indices of all buckets that any of the histograms has, ascending. */
  readonly positive: Int32Array;
  readonly negative: Int32Array;
  readonly sumDivisor: number;
  /** One a histogram, as value_codec.ts codes them. */
  readonly sums: Float64Array;
  readonly divisor: number;
  /**
   * Field after field, of each as many as there are histograms: counts, counts of the zero bucket, then of each
   * positive and each negative bucket; coded as one list of values.
   */
  readonly cells: Float64Array;
};

/** Fields that every histogram has, before its buckets. */
const fieldsMin = 2;
/** Cells of a row: what a reader must decode to get one histogram. */
const rowCellsMax = 2 ** 18;

/** Where the run of numbers, or of histograms that one row can hold, ends; it begins at `begin`, before `end`. */
export function runEnd(histograms: HistogramColumn, begin: number, end: number): number {
  const first = histograms[begin];
  let at = begin + 1;
  if (first === undefined) {
    while (at < end && histograms[at] === undefined) at++;
    return at;
  }
  const positive = new Set(first.positive.indices);
  const negative = new Set(first.negative.indices);
  for (let before = first; at < end; at++) {
    const next = histograms[at];
    if (next === undefined || !isOfRow(next, before)) return at;
    for (const index of next.positive.indices) positive.add(index);
    for (const index of next.negative.indices) negative.add(index);
    const fields = fieldsMin + positive.size + negative.size;
    if (fields * (at + 1 - begin) > rowCellsMax) return at;
    before = next;
  }
  return at;
}

function isOfRow(next: Histogram, before: Histogram): boolean {
  const isGauge = next.counterResetHint === "gauge";
  if (isGauge !== (before.counterResetHint === "gauge")) return false;
  if (next.schema !== before.schema) return false;
  if (!Object.is(next.zeroThreshold, before.zeroThreshold)) return false;
  if (!sameCustomValues(next.customValues, before.customValues)) return false;
  return isGauge || !detectReset(next, before);
}

/** The row of histograms [begin, end), which runEnd() has found. */
export function encodeRow(
  histograms: HistogramColumn,
  begin: number,
  end: number,
): HistogramRow | undefined {
  const first = histograms[begin];
  if (first === undefined) return undefined;
  const some = histograms.slice(begin, end).filter((one) => one !== undefined);
  const positive = indicesOf(some.map((one) => one.positive));
  const negative = indicesOf(some.map((one) => one.negative));
  const count = some.length;
  const plain = new Float64Array(count * (fieldsMin + positive.length + negative.length));
  const sums = new Float64Array(count);
  for (const [i, one] of some.entries()) {
    sums[i] = one.sum;
    plain[i] = one.count;
    plain[count + i] = one.zeroCount;
    const negativeAt = fieldsMin + positive.length;
    spread(one.positive, positive, (place) => (fieldsMin + place) * count + i, plain);
    spread(one.negative, negative, (place) => (negativeAt + place) * count + i, plain);
  }
  const cells = new Float64Array(plain.length);
  const divisor = encodeValues(plain, 0, plain.length, cells, 0);
  const codedSums = new Float64Array(count);
  const sumDivisor = encodeValues(sums, 0, count, codedSums, 0);
  return {
    schema: first.schema,
    zeroThreshold: first.zeroThreshold,
    customValues: first.customValues,
    isGauge: first.counterResetHint === "gauge",
    positive,
    negative,
    sumDivisor,
    sums: codedSums,
    divisor,
    cells,
  };
}

function indicesOf(sides: readonly Buckets[]): Int32Array {
  const all = new Set<number>();
  for (const { indices } of sides) for (const index of indices) all.add(index);
  return Int32Array.from(all).toSorted();
}

/** Both lists of indices ascend. */
function spread(
  { indices, counts }: Buckets,
  all: Int32Array,
  cellOf: (place: number) => number,
  into: Float64Array,
): void {
  for (let i = 0, place = 0; i < indices.length; i++) {
    while ((all[place] ?? Infinity) < (indices[i] ?? 0)) place++;
    into[cellOf(place)] = counts[i] ?? 0;
  }
}

/**
 * The histograms of a row. The writer began a row wherever a counter was reset or might have been, so all but the first
 * are known to go on from the one before.
 */
export function decodeRow(row: HistogramRow): Histogram[] {
  const { schema, zeroThreshold, customValues, isGauge, positive, negative } = row;
  const count = row.sums.length;
  const sums = new Float64Array(count);
  decodeValues(row.sums, 0, count, row.sumDivisor, sums, 0);
  const plain = new Float64Array(row.cells.length);
  decodeValues(row.cells, 0, plain.length, row.divisor, plain, 0);
  const histograms: Histogram[] = [];
  for (let i = 0; i < count; i++) {
    const counts = (places: number, from: number) =>
      Float64Array.from({ length: places }, (_, place) => plain[(from + place) * count + i] ?? 0);
    histograms.push({
      schema,
      zeroThreshold,
      customValues,
      count: plain[i] ?? 0,
      zeroCount: plain[count + i] ?? 0,
      sum: sums[i] ?? 0,
      positive: bucketsOf(positive, counts(positive.length, fieldsMin)),
      negative: bucketsOf(negative, counts(negative.length, fieldsMin + positive.length)),
      counterResetHint: isGauge ? "gauge" : i === 0 ? "unknown" : "not_reset",
    });
  }
  return histograms;
}

/** The same where it has another histogram before it than the hint was for. */
export function withUnknownReset(histogram: Histogram): Histogram {
  if (histogram.counterResetHint === "gauge" || histogram.counterResetHint === "unknown")
    return histogram;
  return { ...histogram, counterResetHint: "unknown" };
}
