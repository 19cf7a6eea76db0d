import type { ByteSink } from "../../parquet/byte_sink.ts";

const zero = "0".charCodeAt(0);
const nine = "9".charCodeAt(0);

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
