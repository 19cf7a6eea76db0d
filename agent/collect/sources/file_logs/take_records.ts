import type { BatchBuilder } from "./batch_builder.ts";
import type { LineCodec } from "./line_codec.ts";
import type { LineJoiner } from "./line_joiner.ts";
import {
  type Chunk,
  type Taken,
  addLine,
  beginTaking,
  cutPosition,
  wholeEnd,
} from "./take_lines.ts";

export type Joining = {
  readonly joiner: LineJoiner;
  readonly linesMax: number;
  /** Nothing came for long: the last record is taken as it is. */
  readonly flush: boolean;
};

/** Of a line only so much is looked at to tell whether it belongs to a record. */
const judgedBytesMax = 512;

/**
 * Like takeLines(), with lines joined to records. A record whose end is not seen stays in the file as a line without its end does,
 * and is read again: so its lines are acknowledged together, and nothing is lost or doubled by a crash between them.
 */
export function takeRecords(
  codec: LineCodec,
  builder: BatchBuilder,
  chunk: Chunk,
  from: number,
  skipping: boolean,
  joining: Joining,
): Taken {
  const { data, lineMax, final } = chunk;
  const taken = beginTaking(codec, chunk, from, skipping);
  const whole = wholeEnd(codec, chunk, from);
  while (taken.next < whole) {
    const end = codec.newline(data, taken.next);
    const isOpen = end < 0 && !final;
    if (isOpen && whole - taken.next <= lineMax + codec.unit) return taken;
    const stop = end < 0 ? whole : end;
    const record =
      isOpen || stop - taken.next > lineMax
        ? { stop, next: end < 0 ? whole : end + codec.unit, lines: 1 }
        : recordFrom(codec, chunk, taken.next, stop, whole, joining);
    if (record === undefined) {
      taken.pending = true;
      return taken;
    }
    const added =
      record.lines === 1
        ? addLine(codec, builder, chunk, taken.next, record.stop)
        : addLines(codec, builder, chunk, taken.next, record.stop);
    if (added === "full") {
      taken.full = true;
      return taken;
    }
    if (added === "cut") taken.cut++;
    taken.next = record.next;
    taken.skipping = isOpen;
  }
  return taken;
}

type RecordEnd = { readonly stop: number; readonly next: number; readonly lines: number };

/** Where the record that begins at `start` with a line up to `firstStop` ends; undefined while that is not known. */
function recordFrom(
  codec: LineCodec,
  { data, lineMax, final }: Chunk,
  start: number,
  firstStop: number,
  whole: number,
  { joiner, linesMax, flush }: Joining,
): RecordEnd | undefined {
  let known = { stop: firstStop, next: Math.min(whole, firstStop + codec.unit), lines: 1 };
  let at = known.next;
  let lines = 1;
  joiner.start(textOf(codec, data, start, firstStop));
  for (;;) {
    const end = at < whole ? codec.newline(data, at) : -1;
    if (at >= whole || (end < 0 && !final))
      return final || flush || whole - start > lineMax ? known : undefined;
    const stop = end < 0 ? whole : end;
    if (lines >= linesMax || stop - start > lineMax) return known;
    const verdict = joiner.continues(textOf(codec, data, at, stop));
    if (verdict === "no") return known;
    at = end < 0 ? whole : end + codec.unit;
    lines++;
    if (verdict === "yes") known = { stop, next: at, lines };
  }
}

function textOf(codec: LineCodec, data: Buffer, start: number, stop: number): string {
  const end = Math.min(stop, start + judgedBytesMax * codec.unit);
  const text =
    codec.toUtf8 === undefined
      ? data.toString("utf8", start, end)
      : codec.toUtf8(data, start, end).toString("utf8");
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

/** Several lines as one body, with "\n" between them. */
function addLines(
  codec: LineCodec,
  builder: BatchBuilder,
  chunk: Chunk,
  start: number,
  stop: number,
): "added" | "cut" | "full" {
  let lines = codec.toUtf8?.(chunk.data, start, stop) ?? chunk.data.subarray(start, stop);
  if (chunk.keepsReturns !== true && lines.includes(13))
    lines = Buffer.from(lines.toString("latin1").replaceAll(/\r(?=\n|$)/g, ""), "latin1");
  const isCut = lines.length > chunk.lineMax;
  const last = isCut ? cutPosition(lines, 0, chunk.lineMax) : lines.length;
  if (!builder.hasRoom(last)) return "full";
  builder.add(chunk.labels, lines, 0, last, isCut, chunk.placeOf?.(start));
  return isCut ? "cut" : "added";
}
