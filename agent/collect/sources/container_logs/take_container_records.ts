import type { Labels } from "#shared/model/labels.ts";
import type { BatchBuilder } from "../file_logs/batch_builder.ts";
import type { LineCodec } from "../file_logs/line_codec.ts";
import { type Chunk, type Taken, addLine, beginTaking } from "../file_logs/take_lines.ts";
import { type ContainerFormat, type ContainerLine, readContainerLine } from "./container_line.ts";

export type ContainerReading = {
  readonly format: ContainerFormat;
  /** A time after this one, in Unix ms, is not believed: the record gets that of reading. */
  readonly latestMs: number;
  /** Parts that may go on are taken as they are. */
  readonly flush: boolean;
  /** The labels of a file's records of a stream; the same object each time. */
  labelsOf(file: Labels, stream: string): Labels;
  /** Called with each line that is not of the form. */
  unparsed(): void;
};

/** One record to be: where its first line begins, and its parts; a line of another form has no `head`. */
export type Gathered = {
  readonly start: number;
  readonly head: ContainerLine | undefined;
  readonly parts: Buffer[];
  bytes: number;
  isWhole: boolean;
};

type Group = { readonly next: number; readonly records: readonly Gathered[] };

/**
 * Like takeLines(), for the files of container runtimes, whose long lines come in parts, those of two streams mixed. Lines from
 * the first part of a record on are taken only when no stream has a record open: until then they stay in the file and are read
 * again, so that one position covers whole records.
 */
export function takeContainerRecords(
  codec: LineCodec,
  builder: BatchBuilder,
  chunk: Chunk,
  from: number,
  skipping: boolean,
  reading: ContainerReading,
): Taken {
  const { data, lineMax, final } = chunk;
  const taken = beginTaking(codec, chunk, from, skipping);
  while (taken.next < data.length) {
    const end = codec.newline(data, taken.next);
    const isOpen = end < 0 && !final;
    if (isOpen && data.length - taken.next <= lineMax + 1) return taken;
    const stop = end < 0 ? data.length : end;
    if (isOpen || stop - taken.next > lineMax) {
      // No runtime writes such a line: its front is kept as it is.
      const added = addLine(codec, builder, chunk, taken.next, stop);
      taken.full = added === "full";
      if (taken.full) return taken;
      reading.unparsed();
      taken.cut++;
      taken.next = end < 0 ? data.length : end + 1;
      taken.skipping = isOpen;
      continue;
    }
    const group = groupFrom(codec, chunk, taken.next, reading);
    if (group === undefined) {
      taken.pending = true;
      return taken;
    }
    if (!addRecords(builder, chunk, group.records, reading)) {
      taken.full = true;
      return taken;
    }
    taken.next = group.next;
  }
  return taken;
}

/** The lines from `start` to where no stream has a record open; undefined while that is not known. The first is not too long. */
function groupFrom(
  codec: LineCodec,
  { data, lineMax, final }: Chunk,
  start: number,
  { format, flush }: ContainerReading,
): Group | undefined {
  const records: Gathered[] = [];
  const open = new Map<string, Gathered>();
  let at = start;
  do {
    const end = at < data.length ? codec.newline(data, at) : -1;
    const isMissing = at >= data.length || (end < 0 && !final);
    const stop = end < 0 ? data.length : end;
    // Parts are joined up to the length of a line; a runtime's next part is less than that.
    if (stop - start > lineMax && at > start) return { next: at, records };
    if (isMissing) return flush || final ? { next: at, records } : undefined;
    gather(records, open, data, at, stop, format);
    at = end < 0 ? data.length : end + 1;
  } while (open.size > 0);
  return { next: at, records };
}

function gather(
  records: Gathered[],
  open: Map<string, Gathered>,
  data: Buffer,
  start: number,
  stop: number,
  format: ContainerFormat,
): void {
  const bytes = data.subarray(start, stop);
  const line = readContainerLine(bytes, format);
  const text = line?.text ?? bytes;
  const begun = line === undefined ? undefined : open.get(line.stream);
  const record = begun ?? { start, head: line, parts: [], bytes: 0, isWhole: false };
  if (begun === undefined) records.push(record);
  record.parts.push(text);
  record.bytes += text.length;
  record.isWhole = line?.partial !== true;
  if (line === undefined) return;
  if (record.isWhole) open.delete(line.stream);
  else open.set(line.stream, record);
}

/** Adds all of the records or, where there is no room, none. */
export function addRecords(
  builder: BatchBuilder,
  chunk: Chunk,
  records: readonly Gathered[],
  reading: ContainerReading,
): boolean {
  const bytes = records.reduce((sum, record) => sum + record.bytes, 0);
  if (!builder.hasRoom(bytes, records.length)) return false;
  for (const { start, head, parts, isWhole } of records) {
    const [first = Buffer.alloc(0)] = parts;
    const body = parts.length === 1 ? first : Buffer.concat(parts);
    const extra = { ...head?.attributes, ...chunk.placeOf?.(start), ...(isWhole ? {} : partial) };
    const attributes = Object.keys(extra).length === 0 ? undefined : extra;
    const isTimed = head !== undefined && head.time.ms > 0 && head.time.ms <= reading.latestMs;
    if (head === undefined) reading.unparsed();
    const labels = head === undefined ? chunk.labels : reading.labelsOf(chunk.labels, head.stream);
    const told = isTimed ? { time: head.time } : undefined;
    builder.add(labels, body, 0, body.length, false, attributes, told);
  }
  return true;
}

const partial = { partial: "true" };
