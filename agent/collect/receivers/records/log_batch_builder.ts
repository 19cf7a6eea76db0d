// Hot: guarded by `bench pushed_logs`.
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import { type HeldLine, type LineRows, PushedLineJoiner } from "./pushed_line_joiner.ts";
import type { PushedRecord } from "./pushed_record.ts";
import { type RecordColumns, giveColumnsBack, noColumns, takeColumns } from "./record_columns.ts";

export type RecordFault = {
  readonly reason: "line_too_long" | "out_of_bounds_timestamp" | "label_limit";
  readonly message: string;
};

export type LogLimits = {
  readonly lineBytesMax: number;
  readonly latestMs: number;
  /** The time of records that have none; without it they are refused. */
  readonly arrivedMs?: number;
  /** How lines of the batch are joined to records; without it each is one. */
  readonly multiline?: MultilineConfig | undefined;
};

const attributesMax = 128;
const attributeBytesMax = 64 * 1024;
const severityMax = 24;
const nanosPerMs = 1_000_000;
const newline = 0x0a;

/** Gathers the records of one request as the columns of a batch. */
export class LogBatchBuilder implements LineRows {
  readonly #limits: LogLimits;
  readonly #streams: Labels[] = [];
  readonly #numbers = new Map<string, number>();
  /** Of a stream that needed a key: the next record's is often the same. */
  #lastNumber = 0;
  /** The same object again needs no key. */
  readonly #numbersOf = new Map<Labels, number>();
  #rows = 0;
  #bytes = 0;
  /** None before the first record: a queue that waits for one holds no memory for it. */
  #streamOf = noColumns.streamOf;
  #timestampsMs = noColumns.timestampsMs;
  #nanos = noColumns.nanos;
  #severities = noColumns.severities;
  #bodyEnds = noColumns.bodyEnds;
  #bodies = noColumns.bodies;
  /** Up to the last record that has some. */
  readonly #attributes: (Labels | undefined)[] = [];
  /** Those of neighbours are often the same object. */
  #checked: Labels | undefined;
  readonly #joiner: PushedLineJoiner | undefined;

  constructor(limits: LogLimits) {
    this.#limits = limits;
    const { multiline, lineBytesMax } = limits;
    this.#joiner = multiline && new PushedLineJoiner(multiline, lineBytesMax, this);
  }

  /** Records; what was pushed is as many lines or more. */
  get length(): number {
    return this.#rows - (this.#joiner?.absent.size ?? 0);
  }

  get lines(): number {
    return this.#rows;
  }

  /** Of all bodies. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Makes room for bodies of so many bytes in all: doubling would leave as much behind. */
  reserve(bytes: number): void {
    if (this.#bodyEnds.length === 0) this.#hold(takeColumns());
    if (this.#bytes === 0 && bytes > this.#bodies.length)
      this.#bodies = Buffer.allocUnsafeSlow(bytes);
  }

  /** The number of a stream, for add(). */
  stream(labels: Labels): number {
    const same = this.#numbersOf.get(labels);
    if (same !== undefined) return same;
    const last = this.#lastNumber;
    if (isSame(labels, this.#streams[last])) return last;
    const number = this.#numberOf(labels);
    this.#numbersOf.set(labels, number);
    this.#lastNumber = number;
    return number;
  }

  #numberOf(labels: Labels): number {
    const key = labelsKey(labels);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#streams.length);
    return this.#streams.push(labels) - 1;
  }

  /** As addLine(), of an object. */
  add(stream: number, record: PushedRecord, atMs = 0): RecordFault | undefined {
    const { unixNanos, severity, body, attributes } = record;
    const timestampMs = Number(unixNanos / 1_000_000n);
    const nanos = Number(unixNanos % 1_000_000n);
    const source = bufferOf(body);
    return this.addLine(
      stream,
      timestampMs,
      nanos,
      severity,
      source,
      0,
      source.length,
      attributes,
      atMs,
    );
  }

  /**
   * Takes the record whose body is source[start, end), which is copied, or says why not. Its time is Unix ms and the nanoseconds within that. A
   * severity that is none is 0, unknown. `atMs`: when it came, for holdOpen(). One argument each: an object would be made for every line.
   */
  addLine(
    stream: number,
    timestampMs: number,
    nanos: number,
    severity: number,
    source: Buffer,
    start: number,
    end: number,
    attributes: Labels | undefined,
    atMs: number,
  ): RecordFault | undefined {
    const { arrivedMs, latestMs } = this.#limits;
    const isTimeless = timestampMs === 0 && nanos === 0;
    const ms = isTimeless && arrivedMs !== undefined ? arrivedMs : timestampMs;
    const isBeforeAll = ms < 0 || (ms === 0 && nanos <= 0);
    if (isBeforeAll || ms > latestMs)
      return {
        reason: "out_of_bounds_timestamp",
        message: `time ${BigInt(ms) * 1_000_000n + BigInt(nanos)} ns is out of bounds`,
      };
    if (end - start > this.#limits.lineBytesMax)
      return {
        reason: "line_too_long",
        message: `a line is longer than ${this.#limits.lineBytesMax} bytes`,
      };
    if (attributes !== undefined && attributes !== this.#checked) {
      if (isTooMuch(attributes))
        return { reason: "label_limit", message: "a record has too many or too large attributes" };
      this.#checked = attributes;
    }
    this.#begin(stream, ms, nanos, severity, attributes);
    this.#append(source, start, end);
    this.#bodyEnds[this.#rows++] = this.#bytes;
    this.#joiner?.add(stream, this.#rows - 1, atMs);
    return undefined;
  }

  /** Takes a record of another batch, which was checked there. */
  takeRow(from: LogBatchBuilder, row: number, atMs: number): void {
    const stream = this.stream(from.#streams[from.#streamOf[row] ?? 0] ?? {});
    this.#beginAs(stream, from, row, from.#severities[row] ?? 0);
    this.#append(from.#bodies, from.#startOf(row), from.#bodyEnds[row] ?? 0);
    this.#bodyEnds[this.#rows++] = this.#bytes;
    this.#joiner?.add(stream, this.#rows - 1, atMs);
  }

  /** Takes out of the batch the last records of streams to which something came after `sinceMs`, as more of them may come; for takeRow(). */
  holdOpen(sinceMs: number, streamsMax: number): HeldLine[] {
    return this.#joiner?.hold(sinceMs, streamsMax) ?? [];
  }

  /** Hands on the batch, which must not be read any more when that is done: its columns then serve another one. Nothing may be added afterwards. */
  async emit(send: (batch: LogsBatch) => Promise<void>): Promise<void> {
    try {
      await send(this.build());
    } finally {
      this.#letGo();
    }
  }

  #letGo(): void {
    giveColumnsBack({
      streamOf: this.#streamOf,
      timestampsMs: this.#timestampsMs,
      nanos: this.#nanos,
      severities: this.#severities,
      bodyEnds: this.#bodyEnds,
      bodies: this.#bodies,
    });
    this.#hold(noColumns);
  }

  #hold(columns: RecordColumns): void {
    this.#streamOf = columns.streamOf;
    this.#timestampsMs = columns.timestampsMs;
    this.#nanos = columns.nanos;
    this.#severities = columns.severities;
    this.#bodyEnds = columns.bodyEnds;
    this.#bodies = columns.bodies;
  }

  /** The columns are the builder's own: nothing may be added afterwards. */
  build(): LogsBatch {
    const joiner = this.#joiner;
    return joiner === undefined || joiner.absent.size === 0 ? this.#whole() : this.#joined(joiner);
  }

  lengthOf(row: number): number {
    return (this.#bodyEnds[row] ?? 0) - this.#startOf(row);
  }

  frontOf(row: number, bytesMax: number): string {
    const start = this.#startOf(row);
    return this.#bodies.toString("utf8", start, start + Math.min(bytesMax, this.lengthOf(row)));
  }

  gapMs(a: number, b: number): number {
    const ms = (this.#timestampsMs[b] ?? 0) - (this.#timestampsMs[a] ?? 0);
    return Math.abs(ms + ((this.#nanos[b] ?? 0) - (this.#nanos[a] ?? 0)) / nanosPerMs);
  }

  attributesOf(row: number): Labels | undefined {
    return this.#attributes[row];
  }

  /** The records of lines that belong together, each in the place of its first. */
  #joined(joiner: PushedLineJoiner): LogsBatch {
    const joined = new LogBatchBuilder(this.#limits);
    for (let row = 0; row < this.#rows; row++) {
      if (joiner.absent.has(row)) continue;
      const rows = [row, ...joiner.restOf(row)];
      const severity = rows.map((one) => this.#severities[one] ?? 0).find((one) => one > 0) ?? 0;
      const stream = joined.stream(this.#streams[this.#streamOf[row] ?? 0] ?? {});
      joined.#beginAs(stream, this, row, severity);
      for (const one of rows) {
        if (one !== row) joined.#append(lineEnd, 0, 1);
        joined.#append(this.#bodies, this.#startOf(one), this.#bodyEnds[one] ?? 0);
      }
      joined.#bodyEnds[joined.#rows++] = joined.#bytes;
    }
    return joined.#whole();
  }

  #beginAs(stream: number, from: LogBatchBuilder, row: number, severity: number): void {
    const timestampMs = from.#timestampsMs[row] ?? 0;
    this.#begin(stream, timestampMs, from.#nanos[row] ?? 0, severity, from.#attributes[row]);
  }

  /** All columns of the next record but its body. */
  #begin(
    stream: number,
    timestampMs: number,
    nanos: number,
    severity: number,
    attributes: Labels | undefined,
  ): void {
    const row = this.#rows;
    if (row === this.#bodyEnds.length) this.#growRows();
    this.#streamOf[row] = stream;
    this.#timestampsMs[row] = timestampMs;
    this.#nanos[row] = nanos;
    this.#severities[row] = severity > 0 && severity <= severityMax ? severity : 0;
    const own = attributes !== undefined && hasAny(attributes) ? attributes : undefined;
    if (own !== undefined) this.#noteAttributes(row, own);
  }

  #noteAttributes(row: number, own: Labels): void {
    while (this.#attributes.length < row) this.#attributes.push(undefined);
    this.#attributes.push(own);
  }

  #append(source: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.#bytes + length > this.#bodies.length) this.#growBodies(length);
    if (length === 1) this.#bodies[this.#bytes] = source[start] ?? 0;
    else source.copy(this.#bodies, this.#bytes, start, end);
    this.#bytes += length;
  }

  #startOf(row: number): number {
    return row === 0 ? 0 : (this.#bodyEnds[row - 1] ?? 0);
  }

  #growRows(): void {
    if (this.#rows === 0) return this.#hold(takeColumns());
    const rows = 2 * this.#bodyEnds.length;
    this.#streamOf = grown(this.#streamOf, new Uint32Array(rows));
    this.#timestampsMs = grown(this.#timestampsMs, new Float64Array(rows));
    this.#nanos = grown(this.#nanos, new Uint32Array(rows));
    this.#severities = grown(this.#severities, new Uint8Array(rows));
    this.#bodyEnds = grown(this.#bodyEnds, new Uint32Array(rows));
  }

  #growBodies(more: number): void {
    let size = 2 * this.#bodies.length;
    while (size < this.#bytes + more) size *= 2;
    const bodies = Buffer.allocUnsafeSlow(size);
    this.#bodies.copy(bodies, 0, 0, this.#bytes);
    this.#bodies = bodies;
  }

  #whole(): LogsBatch {
    const rows = this.#rows;
    const batch = {
      streams: this.#streams,
      streamOf: this.#streamOf.subarray(0, rows),
      timestampsMs: this.#timestampsMs.subarray(0, rows),
      nanos: this.#nanos.subarray(0, rows),
      severities: this.#severities.subarray(0, rows),
      bodies: this.#bodies.subarray(0, this.#bytes),
      bodyEnds: this.#bodyEnds.subarray(0, rows),
    };
    const attributes = this.#attributes;
    if (attributes.length === 0) return batch;
    while (attributes.length < rows) attributes.push(undefined);
    return { ...batch, attributes };
  }
}

const lineEnd = Buffer.of(newline);

/** A view where it is none yet. */
function bufferOf(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function grown<Column extends Uint8Array | Uint32Array | Float64Array>(
  from: Column,
  into: Column,
): Column {
  into.set(from);
  return into;
}

/** Whether both have the same values; false for some that mean the same. */
function isSame(labels: Labels, others: Labels | undefined): boolean {
  if (others === undefined) return false;
  let count = 0;
  for (const name in labels) {
    if (labels[name] !== others[name]) return false;
    count++;
  }
  return count === Object.keys(others).length;
}

function isTooMuch(attributes: Labels): boolean {
  let count = 0;
  let size = 0;
  for (const name in attributes) {
    count++;
    size += name.length + (attributes[name] ?? "").length;
  }
  return count > attributesMax || size > attributeBytesMax;
}

function hasAny(attributes: Labels): boolean {
  for (const name in attributes) return name !== undefined;
  return false;
}
