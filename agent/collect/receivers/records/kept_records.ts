import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import { LogBatchBuilder, type RecordFault } from "./log_batch_builder.ts";
import type { PushedRecord } from "./pushed_record.ts";
import type { ReceiverContext } from "../receiver.ts";

const aheadMaxMs = 600_000;
/** What a record holds beside its bytes: 21 of columns that double, and where its attributes are. */
const recordBytes = 64;
const nanosPerMs = 1_000_000;
/** A batch is written when it has so much. */
const batchRecordsMax = 8_192;
const batchBytesMax = 1024 ** 2;
/** Records that may go on are waited for in so many streams. */
const heldStreamsMax = 1_000;

type Whole = () => Uint8Array;

/**
 * A batch of records that nobody can be asked to send again in another form, so each is kept wherever that can be done: a long
 * body is cut, a time that can't be is replaced by that of arrival, and both are counted and marked beside the record.
 */
export class KeptRecords {
  readonly #context: Pick<ReceiverContext, "clock" | "drop" | "notStored">;
  readonly #lineBytesMax: number;
  readonly #builder: LogBatchBuilder;
  readonly #multiline: MultilineConfig | undefined;

  constructor(
    context: Pick<ReceiverContext, "clock" | "drop" | "notStored">,
    lineBytesMax: number,
    multiline?: MultilineConfig,
  ) {
    this.#context = context;
    this.#multiline = multiline;
    this.#lineBytesMax = lineBytesMax;
    this.#builder = new LogBatchBuilder({
      lineBytesMax,
      latestMs: Number.MAX_SAFE_INTEGER,
      multiline,
    });
  }

  get length(): number {
    return this.#builder.length;
  }

  /** As they were pushed; records may have several. */
  get lines(): number {
    return this.#builder.lines;
  }

  /** What the records hold in memory, about. */
  get bytes(): number {
    return this.#builder.bytes + this.lines * recordBytes;
  }

  get isLarge(): boolean {
    return this.bytes >= batchBytesMax || this.lines >= batchRecordsMax;
  }

  /** As addLine(), of an object. */
  add(
    labels: Labels,
    { unixNanos, severity, body, attributes }: PushedRecord,
    whole?: Whole,
  ): void {
    const ms = Number(unixNanos / 1_000_000n);
    const nanos = Number(unixNanos % 1_000_000n);
    const source = Buffer.from(body.buffer, body.byteOffset, body.length);
    this.addLine(labels, ms, nanos, severity, source, 0, source.length, attributes, whole);
  }

  /**
   * Takes the record whose body is source[start, end), which is copied, or counts why not; with too many or too large attributes it is stored
   * as `whole`, without them. Its time is Unix ms and the nanoseconds within that; 0 for none.
   */
  addLine(
    labels: Labels,
    ms: number,
    nanos: number,
    severity: number,
    source: Buffer,
    start: number,
    end: number,
    attributes: Labels | undefined,
    whole?: Whole,
  ): void {
    const stream = this.#builder.stream(labels);
    const atMs = this.#multiline === undefined ? 0 : this.#context.clock.monotonic();
    const nowMs = this.#context.clock.now();
    // One by one: an array to destructure would be made for every line.
    let timeMs = ms;
    let timeNanos = nanos;
    let beside = attributes;
    const isTimed = ms > 0 || (ms === 0 && nanos > 0);
    const isReplaced = !isTimed || ms + nanos / nanosPerMs > nowMs + aheadMaxMs;
    let mark: Labels | undefined;
    if (isReplaced) {
      timeMs = nowMs;
      timeNanos = 0;
      mark = ms === 0 && nanos === 0 ? undefined : timeMark(ms, nanos);
      if (mark !== undefined) beside = { ...attributes, ...mark };
    }
    let fault = this.#addCut(stream, timeMs, timeNanos, severity, source, start, end, beside, atMs);
    if (fault?.reason === "label_limit" && whole !== undefined) {
      const text = Buffer.from(whole());
      const { length } = text;
      fault = this.#addCut(stream, timeMs, timeNanos, severity, text, 0, length, mark, atMs);
    }
    if (fault !== undefined) this.#context.drop("logs", fault.reason, 1);
    else if (mark !== undefined) this.#context.notStored("timestamp", 1);
  }

  #addCut(
    stream: number,
    ms: number,
    nanos: number,
    severity: number,
    source: Buffer,
    start: number,
    end: number,
    attributes: Labels | undefined,
    atMs: number,
  ): RecordFault | undefined {
    const builder = this.#builder;
    if (end - start <= this.#lineBytesMax)
      return builder.addLine(stream, ms, nanos, severity, source, start, end, attributes, atMs);
    const last = start + this.#lineBytesMax;
    const marked = { ...attributes, truncated: "true" };
    const fault = builder.addLine(stream, ms, nanos, severity, source, start, last, marked, atMs);
    if (fault === undefined) this.#context.notStored("line_end", 1);
    return fault;
  }

  /** The next batch, with the last records of streams to which something came less than flush_timeout ago: they are no longer in this one. */
  next(): KeptRecords {
    const next = new KeptRecords(this.#context, this.#lineBytesMax, this.#multiline);
    if (this.#multiline === undefined) return next;
    const sinceMs = this.#context.clock.monotonic() - this.#multiline.flush_timeout;
    for (const { row, atMs } of this.#builder.holdOpen(sinceMs, heldStreamsMax))
      next.#builder.takeRow(this.#builder, row, atMs);
    return next;
  }

  /** As LogBatchBuilder's. */
  emit(send: (batch: LogsBatch) => Promise<void>): Promise<void> {
    return this.#builder.emit(send);
  }
}

/** What stands beside a record whose time was replaced. */
function timeMark(ms: number, nanos: number): Labels {
  return { sent_unix_nanos: String(BigInt(ms) * 1_000_000n + BigInt(nanos)) };
}
