/**
 * Values of a chunk as they lie in a block: integers where a power of ten makes them so, then differences, then moved away
 * from zero by 2^52. Every step is exact or not taken at all; docs/formats/parquet.md gives the same in SQL.
 *
 * Scaled values stay within 2^51, so a difference stays within 2^52 and every partial sum of differences within 2^53: exact in
 * a double in whatever order an engine adds them. IEEE division is correctly rounded, so `scaled / divisor` gives the
 * one double that was checked when the chunk was written. Adding 2^52 puts an integer's lowest bit into the double's lowest:
 * the byte-stream split then finds one or two noisy bytes instead of an exponent and a mantissa that both vary
 * (0.54 instead of 0.60 bytes a sample on recorded node_exporter scrapes).
 */
const divisors = Float64Array.from({ length: 16 }, (_, i) => Number(`1e${i}`));
const scaledMax = 2 ** 51;
const offset = 2 ** 52;

/** The divisor that says: these are the values themselves, bit by bit. */
export const plainDivisor = 0;

/** Writes `values` from `begin` to `end` (exclusive) into `into` at `at`. Returns the chunk's divisor. */
export function encodeValues(
  values: Float64Array,
  begin: number,
  end: number,
  into: Float64Array,
  at: number,
): number {
  const divisor = divisorOf(values, begin, end);
  if (divisor === plainDivisor) {
    // By memory: arithmetic would lose the payload of a NaN.
    into.set(values.subarray(begin, end), at);
    return divisor;
  }
  let before = 0;
  for (let i = begin; i < end; i++) {
    const scaled = Math.round((values[i] ?? 0) * divisor);
    const difference = scaled - before;
    into[at + i - begin] = difference < 0 ? difference - offset : difference + offset;
    before = scaled;
  }
  return divisor;
}

/** The reverse: `count` values out of `from` at `at` into `into` at `to`. */
export function decodeValues(
  from: Float64Array,
  at: number,
  count: number,
  divisor: number,
  into: Float64Array,
  to: number,
): void {
  if (divisor === plainDivisor) {
    into.set(from.subarray(at, at + count), to);
    return;
  }
  let scaled = 0;
  for (let i = 0; i < count; i++) {
    const stored = from[at + i] ?? 0;
    scaled += stored < 0 ? stored + offset : stored - offset;
    into[to + i] = scaled / divisor;
  }
}

/** The value of a chunk that holds only one, or undefined; found without decoding it. */
export function constantOf(
  from: Float64Array,
  at: number,
  count: number,
  divisor: number,
): number | undefined {
  if (divisor === plainDivisor) return undefined;
  for (let i = at + 1; i < at + count; i++) if (from[i] !== offset) return undefined;
  const stored = from[at] ?? 0;
  return (stored < 0 ? stored + offset : stored - offset) / divisor;
}

/** What is exact at one power of ten is exact at the next, so one pass finds the smallest that serves all. */
function divisorOf(values: Float64Array, begin: number, end: number): number {
  let exponent = 0;
  let divisor = 1;
  for (let i = begin; i < end; i++) {
    const value = values[i] ?? 0;
    for (;;) {
      const scaled = Math.round(value * divisor);
      if (scaled / divisor === value && scaled <= scaledMax && scaled >= -scaledMax) break;
      exponent += 1;
      const next = divisors[exponent];
      // Not a number, infinite, or with more digits than a double's integers hold.
      if (next === undefined || !(Math.abs(value * next) <= scaledMax)) return plainDivisor;
      divisor = next;
    }
    if (value === 0 && Object.is(value, -0)) return plainDivisor;
  }
  // A value that was fine at a smaller power may have left the exact integers at the last one.
  for (let i = begin; i < end; i++) {
    if (!(Math.abs((values[i] ?? 0) * divisor) <= scaledMax)) return plainDivisor;
  }
  return divisor;
}
