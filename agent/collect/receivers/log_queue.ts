import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { LogBatchBuilder, type PushedRecord } from "./log_batch_builder.ts";
import type { ReceiverContext } from "./receiver.ts";

/** A line is on its way to the spool after so long at most. */
const gatherMs = 100;
/** A batch goes at once when it has so much. */
const batchRecordsMax = 8_192;
const batchBytesMax = 1024 ** 2;
/** What may wait while the spool writes; over it connections are not read, and datagrams are dropped. */
const waitingBytesMax = 16 * 1024 ** 2;
/** What a record holds beside its bytes, measured as some hundred bytes. */
const recordBytes = 256;
const aheadMaxMs = 600_000;

/**
 * Gathers single records of connections and datagrams into batches and writes them in order. Whoever is not told of the
 * outcome is never asked to send again, so a record is kept wherever that can be done: a time that can't be is replaced by that
 * of its arrival.
 */
export class LogQueue {
  readonly #context: ReceiverContext;
  readonly #lineBytesMax: number;
  #builder: LogBatchBuilder;
  #bytes = 0;
  #writingBytes = 0;
  #written: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(context: ReceiverContext, lineBytesMax: number) {
    this.#context = context;
    this.#lineBytesMax = lineBytesMax;
    this.#builder = this.#newBuilder();
  }

  /** Whether records of datagrams are to be dropped, because they come faster than the spool takes them. */
  get isFull(): boolean {
    return this.#bytes + this.#writingBytes > waitingBytesMax;
  }

  /**
   * Takes a record, or counts why not; with too many or too large attributes it is stored as `whole`, without them. Bytes are
   * kept as they are: the caller must not change them.
   */
  add(labels: Labels, record: PushedRecord, whole?: Uint8Array): void {
    const stream = this.#builder.stream(labels);
    let fault = this.#builder.add(stream, this.#timed(record));
    if (fault?.reason === "label_limit" && whole !== undefined)
      fault = this.#builder.add(
        stream,
        this.#timed({ ...record, body: whole, attributes: undefined }),
      );
    if (fault !== undefined) {
      this.#context.drop("logs", fault.reason, 1);
      return;
    }
    this.#bytes += record.body.length + recordBytes;
    if (this.#bytes >= batchBytesMax || this.#builder.length >= batchRecordsMax) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), gatherMs);
  }

  /** Resolves when there is room again: a connection is read no further before. */
  async room(): Promise<void> {
    while (this.isFull) await this.written();
  }

  /** Resolves when everything that was added so far is in the spool, or was dropped and counted by it. */
  written(): Promise<void> {
    this.#flush();
    return this.#written;
  }

  #newBuilder(): LogBatchBuilder {
    const latestMs = Number.MAX_SAFE_INTEGER;
    return new LogBatchBuilder({ lineBytesMax: this.#lineBytesMax, latestMs });
  }

  #timed(record: PushedRecord): PushedRecord {
    const nowMs = this.#context.clock.now();
    const { unixNanos, attributes } = record;
    if (unixNanos > 0n && unixNanos <= BigInt(nowMs + aheadMaxMs) * 1_000_000n) return record;
    const arrived = { ...record, unixNanos: BigInt(nowMs) * 1_000_000n };
    if (unixNanos === 0n) return arrived;
    this.#context.notStored("timestamp", 1);
    return { ...arrived, attributes: { ...attributes, sent_unix_nanos: String(unixNanos) } };
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#builder.length === 0) return;
    const [builder, bytes] = [this.#builder, this.#bytes];
    this.#builder = this.#newBuilder();
    this.#bytes = 0;
    this.#writingBytes += bytes;
    this.#written = this.#writeBehind(this.#written, builder, bytes);
  }

  async #writeBehind(before: Promise<void>, builder: LogBatchBuilder, bytes: number) {
    // Handed over at once: the spool keeps the order of calls.
    const write = this.#write(builder);
    await before;
    await write;
    this.#writingBytes -= bytes;
  }

  /** What the spool does not take it has counted, and nobody can be asked for it again. */
  async #write(builder: LogBatchBuilder): Promise<void> {
    const records = builder.length;
    try {
      await this.#context.emitLogs(builder.build());
    } catch (thrown) {
      this.#context.log.error("records were not stored", { records, error: messageOf(thrown) });
    }
  }
}
