import type { BatchBuilder } from "../file_logs/batch_builder.ts";
import type { LineCodec } from "../file_logs/line_codec.ts";
import type { LineJoiner } from "../file_logs/line_joiner.ts";
import { type Chunk, type Taken, addLine, beginTaking } from "../file_logs/take_lines.ts";
import { readContainerLine } from "./container_line.ts";
import { type ContainerReading, type Gathered, addRecords } from "./take_container_records.ts";

export type ContainerJoining = ContainerReading & {
  /** A joiner for each of a container's streams. */
  joinerOf(stream: string): LineJoiner;
  readonly linesMax: number;
  /** A record is whole when another stream goes on for so long without it, in ms by the runtime's clock. */
  readonly quietMs: number;
  /** Parts of a line whose last one is younger than this are waited for, in ms. */
  readonly partsMs: number;
  /** Unix ms. */
  readonly nowMs: number;
};

/** A line of a container, whole or in parts so far. `end`: behind its last part in the file. */
type Line = Gathered & { end: number };

/** What is not finished of one stream. */
type Stream = {
  readonly joiner: LineJoiner;
  /** Lines of a record that may go on. */
  record: Line[];
  /** Lines that belong to it only if a later one does. */
  tentative: Line[];
  /** Its last line, while parts of it are missing. */
  partial: Line | undefined;
  /** The runtime's time of its last line in ms, and where that ends. */
  lastMs: number;
  lastEnd: number;
};

type Closed = { readonly start: number; readonly end: number; readonly record: Gathered };

/** So much of a record's first bytes tells whether it goes on. */
const judgedBytesMax = 512;
/** A record is whole, too, when another stream has told so much without it. */
const quietBytes = 64 * 1_024;
/** Where records of two streams lie across each other without end, all are taken as they are after so many times quietMs. */
const heldQuiets = 10;
const lineEnd = Buffer.from("\n");

/**
 * Like takeContainerRecords(), with the lines of each stream joined to records, parts of lines first. The position moves to where no
 * record lies on both sides of it, those of two streams mixed included; what is behind it is read again.
 */
export function joinContainerRecords(
  codec: LineCodec,
  builder: BatchBuilder,
  chunk: Chunk,
  from: number,
  skipping: boolean,
  joining: ContainerJoining,
): Taken {
  const { data, lineMax, final } = chunk;
  const taken = beginTaking(codec, chunk, from, skipping);
  const pass = new Pass(builder, chunk, taken, joining);
  let at = taken.next;
  while (at < data.length) {
    const end = codec.newline(data, at);
    const isOpen = end < 0 && !final;
    if (isOpen && data.length - at <= lineMax + 1) break;
    const stop = end < 0 ? data.length : end;
    const next = end < 0 ? data.length : end + 1;
    // Lines wait for each other up to the length of one; a line that is longer than that ends what is before it.
    if (stop - taken.next > lineMax && at > taken.next && !pass.closeAll(at)) return taken;
    if (isOpen || stop - at > lineMax) {
      taken.full = addLine(codec, builder, chunk, at, stop) === "full";
      if (taken.full) return taken;
      joining.unparsed();
      taken.cut++;
      taken.next = next;
      taken.skipping = isOpen;
    } else if (!pass.take(at, stop, next)) return taken;
    at = next;
  }
  const isTooMuch = data.length - taken.next > lineMax && at > taken.next && !taken.skipping;
  const isOver = final || isTooMuch || (joining.flush && !pass.waitsForParts);
  if (isOver && !pass.closeAll(at)) return taken;
  taken.pending = at > taken.next;
  return taken;
}

/** Goes once over the lines of a chunk, and adds records as soon as the position can move behind them. */
class Pass {
  readonly #builder: BatchBuilder;
  readonly #chunk: Chunk;
  readonly #taken: Taken;
  readonly #joining: ContainerJoining;
  readonly #streams = new Map<string, Stream>();
  /** Whole records that begin at or after the position. */
  #closed: Closed[] = [];
  #isFrontClosed = false;
  /** The runtime's time of the line at the position, once it is taken. */
  #frontMs: number | undefined;

  constructor(builder: BatchBuilder, chunk: Chunk, taken: Taken, joining: ContainerJoining) {
    this.#builder = builder;
    this.#chunk = chunk;
    this.#taken = taken;
    this.#joining = joining;
  }

  get waitsForParts(): boolean {
    const { nowMs, partsMs } = this.#joining;
    return [...this.#streams.values()].some(({ partial, lastMs }) => {
      const ageMs = nowMs - lastMs;
      return partial !== undefined && ageMs >= 0 && ageMs < partsMs;
    });
  }

  /** Takes the line data[start, stop), `end` behind its line end; false when the builder is full. */
  take(start: number, stop: number, end: number): boolean {
    const bytes = this.#chunk.data.subarray(start, stop);
    const head = readContainerLine(bytes, this.#joining.format);
    if (head === undefined) {
      const parts = [bytes];
      this.#close([{ start, end, head, parts, bytes: bytes.length, isWhole: true }]);
      return this.#settle(end);
    }
    const isHeld = head.time.ms - (this.#frontMs ??= head.time.ms) > this.#heldMs;
    if (isHeld && !this.#hasParts && !this.closeAll(start)) return false;
    const stream = this.#stream(head.stream);
    stream.lastMs = head.time.ms;
    stream.lastEnd = end;
    const line = stream.partial ?? { start, end, head, parts: [], bytes: 0, isWhole: false };
    line.parts.push(head.text);
    line.bytes += head.text.length;
    line.end = end;
    line.isWhole = !head.partial;
    stream.partial = line.isWhole ? undefined : line;
    if (line.isWhole) this.#judge(stream, line);
    if (this.#streams.size > 1) this.#closeQuiet(stream);
    return this.#settle(end);
  }

  /** What is not finished is taken as it is; false when the builder is full. */
  closeAll(at: number): boolean {
    for (const stream of this.#streams.values()) this.#closeStream(stream);
    return this.#settle(at);
  }

  get #heldMs(): number {
    return heldQuiets * this.#joining.quietMs;
  }

  get #hasParts(): boolean {
    return [...this.#streams.values()].some(({ partial }) => partial !== undefined);
  }

  #stream(name: string): Stream {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const joiner = this.#joining.joinerOf(name);
    const stream = { joiner, record: [], tentative: [], partial: undefined, lastMs: 0, lastEnd: 0 };
    this.#streams.set(name, stream);
    return stream;
  }

  /** Whether the line goes on with its stream's record. Lines that waited for one that does are judged again when none came. */
  #judge(stream: Stream, line: Line): void {
    const { record, tentative, joiner } = stream;
    if (record.length === 0) {
      joiner.start(textOf(line));
      record.push(line);
      return;
    }
    const isFull = record.length + tentative.length >= this.#joining.linesMax;
    const verdict = isFull ? "no" : joiner.continues(textOf(line));
    if (verdict === "maybe") tentative.push(line);
    else if (verdict === "yes") {
      record.push(...tentative, line);
      stream.tentative = [];
    } else {
      this.#closeRecord(stream);
      for (const waiting of [...tentative, line]) this.#judge(stream, waiting);
    }
  }

  #closeRecord(stream: Stream): void {
    if (stream.record.length > 0) this.#close(stream.record);
    stream.record = [];
    stream.tentative = [];
  }

  #closeStream(stream: Stream): void {
    while (stream.record.length > 0) {
      const { tentative } = stream;
      this.#closeRecord(stream);
      for (const waiting of tentative) this.#judge(stream, waiting);
    }
    if (stream.partial !== undefined) this.#close([stream.partial]);
    stream.partial = undefined;
  }

  #closeQuiet({ lastMs, lastEnd }: Stream): void {
    for (const other of this.#streams.values()) {
      if (other.record.length === 0 || other.partial !== undefined) continue;
      const isQuiet =
        lastMs - other.lastMs > this.#joining.quietMs || lastEnd - other.lastEnd > quietBytes;
      if (isQuiet) this.#closeStream(other);
    }
  }

  #close(lines: readonly Line[]): void {
    const [first] = lines;
    if (first === undefined) return;
    const { start, head } = first;
    const end = lines.at(-1)?.end ?? start;
    if (start === this.#taken.next) this.#isFrontClosed = true;
    const isWhole = lines.every((line) => line.isWhole);
    const parts = lines.flatMap((line, i) => (i === 0 ? line.parts : [lineEnd, ...line.parts]));
    const bytes = lines.reduce((sum, line) => sum + line.bytes, lines.length - 1);
    const record = lines.length === 1 ? first : { start, head, parts, bytes, isWhole };
    this.#closed.push({ start, end, record });
  }

  /** Adds the records before the farthest place up to `at` that no record lies on both sides of; false when there is no room. */
  #settle(at: number): boolean {
    // Before the first one is whole the position can't move.
    if (!this.#isFrontClosed) return true;
    let place = at;
    for (const { record, partial } of this.#streams.values())
      place = Math.min(place, record[0]?.start ?? place, partial?.start ?? place);
    if (this.#closed.length > 1) this.#closed.sort((a, b) => a.start - b.start);
    for (const { start, end } of this.#closed.toReversed())
      if (start < place && end > place) place = start;
    const ready = this.#closed.filter(({ start }) => start < place);
    const records = ready.map(({ record }) => record);
    this.#taken.full = !addRecords(this.#builder, this.#chunk, records, this.#joining);
    if (this.#taken.full) return false;
    this.#closed = this.#closed.slice(ready.length);
    this.#taken.next = place;
    const [front] = this.#closed;
    this.#isFrontClosed = front?.start === place;
    const begun = [...this.#streams.values()].map(({ record, partial }) => record[0] ?? partial);
    const first = this.#isFrontClosed ? front?.record : begun.find((line) => line?.start === place);
    this.#frontMs = first?.head?.time.ms;
    return true;
  }
}

function textOf({ parts: [first], bytes }: Line): string {
  return first?.toString("utf8", 0, Math.min(bytes, first.length, judgedBytesMax)) ?? "";
}
