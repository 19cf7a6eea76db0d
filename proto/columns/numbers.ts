import { corrupt } from "./corrupt.ts";

/** A column of float64 out of a message, whose bytes may lie at any place of it. */
export function float64s(bytes: Uint8Array, length: number): Float64Array {
  return new Float64Array(aligned(bytes, length));
}

/** A column of int64. */
export function int64s(bytes: Uint8Array, length: number): BigInt64Array {
  return new BigInt64Array(aligned(bytes, length));
}

function aligned(bytes: Uint8Array, length: number): ArrayBuffer {
  if (bytes.length !== 8 * length) throw corrupt(`${bytes.length} bytes for ${length} numbers`);
  // A copy of its own begins at a place that an array of numbers may begin at.
  return new Uint8Array(bytes).buffer;
}
