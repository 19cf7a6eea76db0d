import { OperatingError } from "#shared/errors.ts";

/**
 * The snappy block format (google/snappy, format_description.txt), both ways. Our own, because the kept libraries for it
 * are native, and a compiled binary carries one native library for each platform already.
 */

/** Copies go sixteen bytes a step, and so up to fifteen bytes over their end; what comes next is written over that. */
const slackBytes = 15;
/** What is kept from block to block; a larger one is memory of its own. */
const keptBytesMax = 2 ** 20;
/** A literal of more is copied natively, which costs as much as some 60 bytes. */
const longLiteral = 64;
/** A copy from nearer than one step may read what it is just writing. */
const stepBytes = 16;

/** Memory to unpack into again and again: a result is good until the next. Fresh memory for each block is work for kernel and garbage collector. */
export class SnappyMemory {
  #bytes = new Uint8Array(0);

  /** At least so many bytes, of any content. */
  take(size: number): Uint8Array {
    if (size > keptBytesMax) return new Uint8Array(size);
    if (size > this.#bytes.length)
      this.#bytes = new Uint8Array(Math.min(keptBytesMax, Math.max(2 * size, 65_536)));
    return this.#bytes;
  }
}

/**
 * Unpacks a block. The length in the header is checked before anything is allocated, and no byte is written behind it (but for the
 * slack), so a hostile block costs `bytesMax` at most. Throws OperatingError("bad_request"), also when the block claims over
 * `bytesMax` bytes.
 */
export function unpackSnappy(
  block: Uint8Array,
  bytesMax: number,
  memory?: SnappyMemory,
): Uint8Array {
  const { length, cursor } = begin(block, bytesMax);
  const out = memory?.take(length + slackBytes) ?? new Uint8Array(length + slackBytes);
  fill(out, length, block, cursor, Infinity);
  if (cursor.to !== length) throw invalid("is shorter than it claims");
  return out.subarray(0, length);
}

/** Written in one step: memory that is fresh takes longer than the unpacking. */
const writtenPerStep = 256 * 1024;

/** As unpackSnappy(), a step of at most a few milliseconds at a time. */
export function* unpackSnappySteps(
  block: Uint8Array,
  bytesMax: number,
  memory?: SnappyMemory,
): Generator<undefined, Uint8Array, undefined> {
  const { length, cursor } = begin(block, bytesMax);
  const out = memory?.take(length + slackBytes) ?? new Uint8Array(length + slackBytes);
  while (cursor.at < block.length) {
    fill(out, length, block, cursor, cursor.to + writtenPerStep);
    yield;
  }
  if (cursor.to !== length) throw invalid("is shorter than it claims");
  return out.subarray(0, length);
}

/** Where the next element is read, and written to. */
type Cursor = { at: number; to: number };

function begin(
  block: Uint8Array,
  bytesMax: number,
): { readonly length: number; readonly cursor: Cursor } {
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
  return { length, cursor: { at, to: 0 } };
}

/**
 * Writes elements into the first `size` bytes, until there are none or `stop` bytes are written. Words by a DataView need no aligned
 * places, and steps of four of them no loop for the rest: measured to take 0.6 of the time of single bytes.
 */
function fill(
  out: Uint8Array,
  size: number,
  block: Uint8Array,
  cursor: Cursor,
  stop: number,
): void {
  const input = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const output = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const end = block.length;
  let { at, to } = cursor;
  while (at < end && to < stop) {
    const tag = block[at++] ?? 0;
    const kind = tag & 3;
    let length = (tag >>> 2) + 1;
    if (kind === 0) {
      if (length > 60) {
        const bytes = length - 60;
        if (at + bytes > end) throw invalid("ends in an element");
        length = littleEndian(block, at, bytes) + 1;
        at += bytes;
      }
      if (at + length > end) throw invalid("ends in a literal");
      if (to + length > size) throw invalid("is longer than it claims");
      if (length < longLiteral && at + length + 3 <= end)
        for (let i = 0; i < length; i += 4)
          output.setInt32(to + i, input.getInt32(at + i, true), true);
      else out.set(block.subarray(at, at + length), to);
      at += length;
      to += length;
      continue;
    }
    const bytes = kind === 3 ? 4 : kind;
    if (at + bytes > end) throw invalid("ends in an element");
    let offset = 0;
    if (kind === 2) offset = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8);
    else if (kind === 1) {
      length = ((tag >>> 2) & 7) + 4;
      offset = (block[at] ?? 0) | ((tag >>> 5) << 8);
    } else offset = littleEndian(block, at, bytes);
    at += bytes;
    if (offset === 0 || offset > to) throw invalid("copies from before its start");
    if (to + length > size) throw invalid("is longer than it claims");
    const source = to - offset;
    if (offset >= stepBytes)
      for (let i = 0; i < length; i += stepBytes) {
        output.setInt32(to + i, output.getInt32(source + i, true), true);
        output.setInt32(to + i + 4, output.getInt32(source + i + 4, true), true);
        output.setInt32(to + i + 8, output.getInt32(source + i + 8, true), true);
        output.setInt32(to + i + 12, output.getInt32(source + i + 12, true), true);
      }
    else for (let i = 0; i < length; i++) out[to + i] = out[source + i] ?? 0;
    to += length;
  }
  cursor.at = at;
  cursor.to = to;
}

function littleEndian(block: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + (block[at + i] ?? 0);
  return value;
}

function invalid(what: string): OperatingError {
  return new OperatingError("bad_request", `snappy block ${what}`);
}

/** Offsets of a copy take two bytes, so matches are looked for within pieces of this size. */
const pieceBytes = 65_536;
const hashBits = 14;
const matchMin = 4;

/** Packs bytes greedily: the first match of four bytes or more within 64 KiB is taken. */
export function packSnappy(input: Uint8Array): Uint8Array<ArrayBuffer> {
  // The format's own worst case, for what does not compress.
  const out = new Uint8Array(32 + input.length + Math.floor(input.length / 6));
  let to = 0;
  let rest = input.length;
  while (rest >= 0x80) {
    out[to++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  out[to++] = rest;
  const table = new Int32Array(1 << hashBits);
  for (let start = 0; start < input.length; start += pieceBytes)
    to = packPiece(input, start, Math.min(input.length, start + pieceBytes), out, to, table);
  return out.slice(0, to);
}

function packPiece(
  input: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  outAt: number,
  table: Int32Array,
): number {
  table.fill(-1);
  let to = outAt;
  let literal = start;
  let at = start;
  // Steps grow where nothing matches, so that random bytes cost little.
  let misses = 32;
  while (at + matchMin <= end) {
    const word = wordAt(input, at);
    const hash = Math.imul(word, 0x1e35a7bd) >>> (32 - hashBits);
    const candidate = table[hash] ?? -1;
    table[hash] = at;
    if (candidate < 0 || wordAt(input, candidate) !== word) {
      at += misses++ >>> 5;
      continue;
    }
    let length = matchMin;
    while (at + length < end && input[candidate + length] === input[at + length]) length++;
    to = putLiteral(input, literal, at, out, to);
    to = putCopy(at - candidate, length, out, to);
    at += length;
    literal = at;
    misses = 32;
  }
  return putLiteral(input, literal, end, out, to);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}

function putLiteral(
  input: Uint8Array,
  from: number,
  end: number,
  out: Uint8Array,
  outAt: number,
): number {
  if (end === from) return outAt;
  let to = outAt;
  const last = end - from - 1;
  if (last < 60) out[to++] = last << 2;
  else if (last < 256) {
    out[to++] = 60 << 2;
    out[to++] = last;
  } else {
    out[to++] = 61 << 2;
    out[to++] = last & 0xff;
    out[to++] = last >>> 8;
  }
  out.set(input.subarray(from, end), to);
  return to + last + 1;
}

function putCopy(offset: number, length: number, out: Uint8Array, outAt: number): number {
  let to = outAt;
  for (let rest = length; rest > 0;) {
    // Never leaves one to three bytes, which no short copy could take.
    const part = rest > 64 ? (rest < 68 ? 60 : 64) : rest;
    out[to++] = ((part - 1) << 2) | 2;
    out[to++] = offset & 0xff;
    out[to++] = offset >>> 8;
    rest -= part;
  }
  return to;
}
