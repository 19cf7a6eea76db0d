import { setAbsent, wordsOf } from "#shared/model/special_values.ts";

/** Bit by bit. */
export function isSameValue(a: Uint32Array, i: number, b: Uint32Array, j: number): boolean {
  return a[2 * i] === b[2 * j] && a[2 * i + 1] === b[2 * j + 1];
}

/** Copies `from` into the longer `to`. */
export function filled<Numbers extends Float64Array | Int32Array | Uint32Array | Uint8Array>(
  to: Numbers,
  from: Numbers,
): Numbers {
  to.set(from);
  return to;
}

/** At least as long; with room for more unless it `isExact`. */
export function grownTo(numbers: Int32Array, size: number, isExact: boolean): Int32Array {
  if (size <= numbers.length) return numbers;
  return filled(new Int32Array(isExact ? size : Math.max(size, 2 * numbers.length)), numbers);
}

/** The columns of a row from `from` to `to`; those before are absent. */
export function columnsOf(row: Float64Array, from: number, to: number): Float64Array {
  if (from === 0) return row.length === to ? row : row.slice(0, to);
  const part = new Float64Array(to);
  const words = wordsOf(part);
  for (let column = 0; column < from; column++) setAbsent(words, column);
  part.set(row.subarray(from, to), from);
  return part;
}
