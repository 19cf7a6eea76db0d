import type { Labels } from "#shared/model/labels.ts";
import type { BatchBuilder } from "./batch_builder.ts";
import type { LineCodec } from "./line_codec.ts";

export type Chunk = {
  /** A view that ends where the read ended. */
  readonly data: Buffer;
  readonly labels: Labels;
  readonly lineMax: number;
  /** Nothing will follow: what stands after the last line end is a line, too. */
  readonly final: boolean;
  /** Whether a line keeps the "\r" before its "\n". */
  readonly keepsReturns?: boolean;
  /** Attributes that say where the record at data[position] stands, where they are asked for. */
  readonly placeOf?: (position: number) => Labels;
};

export type Taken = {
  /** Up to here the data is used up; what follows is read again. */
  next: number;
  /** `next` lies inside a line that was cut. */
  skipping: boolean;
  /** Lines that were cut. */
  cut: number;
  /** The builder is full: hand it over, and come again. */
  full: boolean;
  /** Whole lines stay in the file, because their record may go on. */
  pending: boolean;
};

/**
 * Moves whole lines from chunk.data[from, end) into the builder, without line ends ("\n", or "\r\n" too). A line without its end
 * stays in the file, unless it is longer than a line may be: then its front is taken, and the rest is skipped.
 */
export function takeLines(
  codec: LineCodec,
  builder: BatchBuilder,
  chunk: Chunk,
  from: number,
  skipping: boolean,
): Taken {
  const { data, lineMax, final } = chunk;
  const taken = beginTaking(codec, chunk, from, skipping);
  const whole = wholeEnd(codec, chunk, from);
  while (taken.next < whole) {
    const end = codec.newline(data, taken.next);
    const isOpen = end < 0 && !final;
    // One unit more than allowed could still be the carriage return of a line that just fits.
    if (isOpen && whole - taken.next <= lineMax + codec.unit) return taken;
    const stop = end < 0 ? whole : end;
    const added = addLine(codec, builder, chunk, taken.next, stop);
    if (added === "full") {
      taken.full = true;
      return taken;
    }
    if (added === "cut") taken.cut++;
    taken.next = end < 0 ? whole : end + codec.unit;
    taken.skipping = isOpen;
  }
  return taken;
}

/** Nothing is taken yet; where `skipping`, the rest of a line that was cut is passed over. */
export function beginTaking(
  codec: LineCodec,
  chunk: Chunk,
  from: number,
  skipping: boolean,
): Taken {
  const taken: Taken = { next: from, skipping, cut: 0, full: false, pending: false };
  if (!skipping) return taken;
  const end = codec.newline(chunk.data, from);
  taken.next = end < 0 ? wholeEnd(codec, chunk, from) : end + codec.unit;
  taken.skipping = end < 0 && !chunk.final;
  return taken;
}

/** Where the last whole unit of the encoding ends. */
export function wholeEnd({ unit }: LineCodec, { data }: Chunk, from: number): number {
  return data.length - ((data.length - from) % unit);
}

/** Adds the line data[start, stop), cut where it is too long. */
export function addLine(
  codec: LineCodec,
  builder: BatchBuilder,
  { data, labels, lineMax, placeOf, keepsReturns = false }: Chunk,
  start: number,
  stop: number,
): "added" | "cut" | "full" {
  let source = data;
  // One by one: an array to destructure would be made for every line.
  let first = start;
  let last = stop;
  let isCut = false;
  if (codec.toUtf8 !== undefined) {
    const rawEnd = Math.min(stop, start + lineMax + codec.unit);
    isCut = rawEnd < stop;
    source = codec.toUtf8(data, start, rawEnd);
    first = 0;
    last = source.length;
  }
  if (last > first && source[last - 1] === 13 && !keepsReturns) last--;
  if (last - first > lineMax) {
    isCut = true;
    last = cutPosition(source, first, lineMax);
  }
  if (!builder.hasRoom(last - first)) return "full";
  builder.add(labels, source, first, last, isCut, placeOf?.(start));
  return isCut ? "cut" : "added";
}

/** Where a line of too many bytes is cut: not within a character. */
export function cutPosition(source: Buffer, first: number, lineMax: number): number {
  let last = first + lineMax;
  // Bytes 10xxxxxx continue a character. Garbage has no front, hence the limit.
  for (let back = 0; back < 3 && ((source[last] ?? 0) & 0xc0) === 0x80; back++) last--;
  return last;
}
