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
};

/**
 * Moves whole lines from chunk.data[from, end) into the builder, without line ends ("\n" or "\r\n"). A line without its end
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
  const taken: Taken = { next: from, skipping, cut: 0, full: false };
  const whole = data.length - ((data.length - from) % codec.unit);
  if (taken.skipping) {
    const end = codec.newline(data, from);
    taken.next = end < 0 ? whole : end + codec.unit;
    taken.skipping = end < 0 && !final;
    if (end < 0) return taken;
  }
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

function addLine(
  codec: LineCodec,
  builder: BatchBuilder,
  { data, labels, lineMax }: Chunk,
  start: number,
  stop: number,
): "added" | "cut" | "full" {
  let source = data;
  let [first, last] = [start, stop];
  let isCut = false;
  if (codec.toUtf8 !== undefined) {
    const rawEnd = Math.min(stop, start + lineMax + codec.unit);
    isCut = rawEnd < stop;
    source = codec.toUtf8(data, start, rawEnd);
    [first, last] = [0, source.length];
  }
  if (last > first && source[last - 1] === 13) last--;
  if (last - first > lineMax) {
    isCut = true;
    last = first + lineMax;
    // Not within a character: bytes 10xxxxxx continue one. Garbage has no front, hence the limit.
    for (let back = 0; back < 3 && ((source[last] ?? 0) & 0xc0) === 0x80; back++) last--;
  }
  if (!builder.hasRoom(last - first)) return "full";
  builder.add(labels, source, first, last, isCut);
  return isCut ? "cut" : "added";
}
