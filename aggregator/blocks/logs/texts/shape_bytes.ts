import type { ByteSink } from "../../parquet/byte_sink.ts";

const zero = "0".charCodeAt(0);
const nine = "9".charCodeAt(0);
/** A run of more digits counts as several. */
const runMax = 9;

/** Writes the shape of the text bytes[from, from + length) at `at`, and gives where it ends. There must be room for `length`. */
export function writeShape(
  bytes: Uint8Array,
  from: number,
  length: number,
  into: Uint8Array,
  at: number,
): number {
  let to = at;
  let run = 0;
  for (let i = from, end = from + length; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte >= zero && byte <= nine) {
      if (run === runMax) {
        into[to++] = zero + runMax;
        run = 0;
      }
      run++;
      continue;
    }
    if (run > 0) into[to++] = zero + run;
    run = 0;
    into[to++] = byte;
  }
  if (run > 0) into[to++] = zero + run;
  return to;
}

/** Writes a shape as writeShape() would: of a run of digits, all parts but the last one are nine long. There must be room for as much. */
export function writeSameShape(
  shape: Uint8Array,
  from: number,
  end: number,
  into: Uint8Array,
  at: number,
): number {
  let to = at;
  let run = 0;
  for (let i = from; i < end; i++) {
    const byte = shape[i] ?? 0;
    if (byte >= zero && byte <= nine) {
      run += byte - zero;
      if (run <= runMax) continue;
      into[to++] = zero + runMax;
      run -= runMax;
      continue;
    }
    if (run > 0) into[to++] = zero + run;
    run = 0;
    into[to++] = byte;
  }
  if (run > 0) into[to++] = zero + run;
  return to;
}

/** Appends the text of shapes[from, to) with its digits, which begin at `digit`. The sink has room. */
export function expandShape(
  shapes: Uint8Array,
  from: number,
  to: number,
  digits: Uint8Array,
  digit: number,
  into: ByteSink,
): void {
  const { bytes } = into;
  let at = into.length;
  let next = digit;
  for (let i = from; i < to; i++) {
    const byte = shapes[i] ?? 0;
    if (byte < zero || byte > nine) bytes[at++] = byte;
    else for (let run = byte - zero; run > 0; run--) bytes[at++] = digits[next++] ?? 0;
  }
  into.length = at;
}
