/**
 * NaNs that mean something, by their 64 bits. JavaScriptCore may turn any NaN that passes through a number
 * into its own, so these are written and read as two 32-bit words (little-endian: low word first) of the same memory.
 */

/** Prometheus's stale marker, 0x7ff0000000000002: the series ended here. */
const staleLow = 0x0000_0002;
const staleHigh = 0x7ff0_0000;

/** Our own: no sample in this column, 0x7ff4_4c50_0000_0001 (a signalling NaN nobody else produces). Never stored in a block. */
const absentLow = 0x0000_0001;
const absentHigh = 0x7ff4_4c50;

/** Prometheus's ordinary NaN, 0x7ff8000000000001. */
const normalNanLow = 0x0000_0001;
const normalNanHigh = 0x7ff8_0000;

/** The 32-bit words of a Float64Array's memory: word 2i is the low, 2i + 1 the high half of value i. */
export function wordsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}

export function isStale(words: Uint32Array, index: number): boolean {
  return words[2 * index + 1] === staleHigh && words[2 * index] === staleLow;
}

/**
 * Whether a value is a stale marker. Its memory is looked at only where it is a NaN: a view of a small array's words costs more than all else
 * that is done with it.
 */
export function isStaleAt(values: Float64Array, index: number): boolean {
  const value = values[index] ?? 0;
  return Number.isNaN(value) && isStale(wordsOf(values), index);
}

/** Whether any value is a NaN, of whatever kind. */
export function hasNans(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return true;
  return false;
}

export function isAbsent(words: Uint32Array, index: number): boolean {
  return words[2 * index + 1] === absentHigh && words[2 * index] === absentLow;
}

export function setStale(words: Uint32Array, index: number): void {
  words[2 * index] = staleLow;
  words[2 * index + 1] = staleHigh;
}

export function setAbsent(words: Uint32Array, index: number): void {
  words[2 * index] = absentLow;
  words[2 * index + 1] = absentHigh;
}

export function setNormalNan(words: Uint32Array, index: number): void {
  words[2 * index] = normalNanLow;
  words[2 * index + 1] = normalNanHigh;
}
