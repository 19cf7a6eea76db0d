import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { LogBatchBuilder, type PushedRecord } from "./log_batch_builder.ts";
import type { ReceiverContext } from "./receiver.ts";

const aheadMaxMs = 600_000;
/** What a record holds beside its bytes, measured as some hundred bytes. */
const recordBytes = 256;
/** A batch is written when it has so much. */
const batchRecordsMax = 8_192;
const batchBytesMax = 1024 ** 2;

/**
 * A batch of records that nobody can be asked to send again in another form, so each is kept wherever that can be done: a long
 * body is cut, a time that can't be is replaced by that of arrival, and both are counted and marked beside the record.
 */
export class KeptRecords {
  readonly #context: Pick<ReceiverContext, "clock" | "drop" | "notStored">;
  readonly #lineBytesMax: number;
  readonly #builder: LogBatchBuilder;
  #bytes = 0;

  constructor(
    context: Pick<ReceiverContext, "clock" | "drop" | "notStored">,
    lineBytesMax: number,
  ) {
    this.#context = context;
    this.#lineBytesMax = lineBytesMax;
    this.#builder = new LogBatchBuilder({ lineBytesMax, latestMs: Number.MAX_SAFE_INTEGER });
  }

  get length(): number {
    return this.#builder.length;
  }

  /** What the records hold in memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  get isLarge(): boolean {
    return this.#bytes >= batchBytesMax || this.length >= batchRecordsMax;
  }

  /**
   * Takes a record, or counts why not; with too many or too large attributes it is stored as `whole`, without them. Bytes are
   * kept as they are: the caller must not change them.
   */
  add(labels: Labels, record: PushedRecord, whole?: () => Uint8Array): void {
    const stream = this.#builder.stream(labels);
    let kept = this.#kept(record);
    let fault = this.#builder.add(stream, kept);
    if (fault?.reason === "label_limit" && whole !== undefined) {
      kept = this.#kept({ ...record, body: whole(), attributes: undefined });
      fault = this.#builder.add(stream, kept);
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
