import { BodyError } from "./body.ts";

/**
 * Unpacks a snappy block (format: google/snappy, format_description.txt). The length in the header is checked before anything
 * is allocated, and no byte is written behind it, so a hostile block costs `bytesMax` at most. Our own, because the kept
 * libraries for it are native, and a compiled agent carries one native library for each platform already.
 *
 * Throws BodyError(400), also when the block claims over `bytesMax` bytes.
 */
export function unpackSnappy(block: Uint8Array, bytesMax: number): Uint8Array {
  let length = 0;
  let at = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = block[at++];
    if (byte === undefined || at > 5) throw invalid("has no length");
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  if (length > bytesMax) throw invalid(`claims ${length} bytes, over ${bytesMax}`);
  // An element of three bytes gives 64 at most: what cannot be reached is refused before it is allocated.
  if (length > (block.length - at) * 22 + 64) throw invalid("claims more than it can hold");
  const out = new Uint8Array(length);
  if (fill(out, block, at) !== length) throw invalid("is shorter than it claims");
  return out;
}

/** Writes the elements from `at` on; gives the number of bytes written. */
function fill(out: Uint8Array, block: Uint8Array, from: number): number {
  const size = block.length;
  let at = from;
  let to = 0;
  while (at < size) {
    const tag = block[at++] ?? 0;
    if ((tag & 3) === 0) {
      let length = tag >>> 2;
      if (length >= 60) {
        const bytes = length - 59;
        if (at + bytes > size) throw invalid("ends in an element");
        length = littleEndian(block, at, bytes);
        at += bytes;
      }
      length++;
      if (at + length > size) throw invalid("ends in a literal");
      if (to + length > out.length) throw invalid("is longer than it claims");
      if (length < 24) for (let i = 0; i < length; i++) out[to + i] = block[at + i] ?? 0;
      else out.set(block.subarray(at, at + length), to);
      at += length;
      to += length;
      continue;
    }
    const bytes = copyOffsetBytes[tag & 3] ?? 0;
    if (at + bytes > size) throw invalid("ends in an element");
    const isShort = bytes === 1;
    const length = isShort ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const offset = littleEndian(block, at, bytes) + (isShort ? (tag >>> 5) * 256 : 0);
    at += bytes;
    if (offset === 0 || offset > to) throw invalid("copies from before its start");
    if (to + length > out.length) throw invalid("is longer than it claims");
    // Byte by byte: a copy may overlap what it writes.
    for (let i = 0; i < length; i++) out[to + i] = out[to + i - offset] ?? 0;
    to += length;
  }
  return to;
}

const copyOffsetBytes = [0, 1, 2, 4] as const;

function littleEndian(block: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + (block[at + i] ?? 0);
  return value;
}

function invalid(what: string): BodyError {
  return new BodyError(400, `snappy block ${what}`);
}
