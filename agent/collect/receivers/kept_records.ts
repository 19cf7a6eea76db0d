import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MultilineConfig } from "../sources/file_logs/multiline.ts";
import { LogBatchBuilder } from "./log_batch_builder.ts";
import type { PushedRecord } from "./pushed_record.ts";
import type { ReceiverContext } from "./receiver.ts";

const aheadMaxMs = 600_000;
/** What a record holds beside its bytes, measured as some hundred bytes. */
const recordBytes = 256;
/** A batch is written when it has so much. */
const batchRecordsMax = 8_192;
const batchBytesMax = 1024 ** 2;
/** Records that may go on are waited for in so many streams. */
const heldStreamsMax = 1_000;

/**
 * A batch of records that nobody can be asked to send again in another form, so each is kept wherever that can be done: a long
 * body is cut, a time that can't be is replaced by that of arrival, and both are counted and marked beside the record.
 */
export class KeptRecords {
  readonly #context: Pick<ReceiverContext, "clock" | "drop" | "notStored">;
  readonly #lineBytesMax: number;
  readonly #builder: LogBatchBuilder;
  readonly #multiline: MultilineConfig | undefined;
  #bytes = 0;

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
    return this.#bytes;
  }

  get isLarge(): boolean {
    return this.#bytes >= batchBytesMax || this.lines >= batchRecordsMax;
  }

  /**
   * Takes a record, or counts why not; with too many or too large attributes it is stored as `whole`, without them. Bytes are
   * kept as they are: the caller must not change them.
   */
  add(labels: Labels, record: PushedRecord, whole?: () => Uint8Array): void {
    this.#add(labels, record, whole, this.#context.clock.monotonic());
  }

  /** The next batch, with the last records of streams to which something came less than flush_timeout ago: they are no longer in this one. */
  next(): KeptRecords {
    const next = new KeptRecords(this.#context, this.#lineBytesMax, this.#multiline);
    if (this.#multiline === undefined) return next;
    const sinceMs = this.#context.clock.monotonic() - this.#multiline.flush_timeout;
    for (const { labels, lines } of this.#builder.holdOpen(sinceMs, heldStreamsMax))
      for (const { record, atMs } of lines) {
        next.#add(labels, record, undefined, atMs);
        this.#bytes -= record.body.length + recordBytes;
      }
    return next;
  }

  #add(
    labels: Labels,
    record: PushedRecord,
    whole: (() => Uint8Array) | undefined,
    atMs: number,
  ): void {
    const stream = this.#builder.stream(labels);
    let kept = this.#kept(record);
    let fault = this.#builder.add(stream, kept, atMs);
    if (fault?.reason === "label_limit" && whole !== undefined) {
      kept = this.#kept({ ...record, body: whole(), attributes: undefined });
      fault = this.#builder.add(stream, kept, atMs);
    }
    if (fault !== undefined) this.#context.drop("logs", fault.reason, 1);
    else this.#bytes += kept.body.length + recordBytes;
  }

  build(): LogsBatch {
    return this.#builder.build();
  }

  #kept(record: PushedRecord): PushedRecord {
    return this.#cut(this.#timed(record));
  }

  #timed(record: PushedRecord): PushedRecord {
    const nowMs = this.#context.clock.now();
    const { unixNanos, attributes } = record;
    if (unixNanos > 0n && Number(unixNanos) <= (nowMs + aheadMaxMs) * 1e6) return record;
    const arrived = { ...record, unixNanos: BigInt(nowMs) * 1_000_000n };
    if (unixNanos === 0n) return arrived;
    this.#context.notStored("timestamp", 1);
    return { ...arrived, attributes: { ...attributes, sent_unix_nanos: String(unixNanos) } };
  }

  #cut(record: PushedRecord): PushedRecord {
    if (record.body.length <= this.#lineBytesMax) return record;
    this.#context.notStored("line_end", 1);
    const body = record.body.subarray(0, this.#lineBytesMax);
    return { ...record, body, attributes: { ...record.attributes, truncated: "true" } };
  }
}
