import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import { KeptRecords } from "./kept_records.ts";
import type { PushedRecord } from "./pushed_record.ts";
import type { ReceiverContext } from "../receiver.ts";

/** A line is on its way to the spool after so long at most. */
const gatherMs = 100;
/** What may wait while the spool writes; over it connections are not read, and datagrams are dropped. */
const waitingBytesMax = 16 * 1024 ** 2;

/** Gathers single records of connections and datagrams, whose senders are told nothing, into batches and writes them in order. */
export class LogQueue {
  readonly #context: ReceiverContext;
  readonly #lineBytesMax: number;
  readonly #multiline: MultilineConfig | undefined;
  #records: KeptRecords;
  #writingBytes = 0;
  #written: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** With `multiline` lines are joined to records, and the last of a stream waits up to its flush_timeout for more. */
  constructor(context: ReceiverContext, lineBytesMax: number, multiline?: MultilineConfig) {
    this.#context = context;
    this.#lineBytesMax = lineBytesMax;
    this.#multiline = multiline;
    this.#records = new KeptRecords(context, lineBytesMax, multiline);
  }

  /** Whether records of datagrams are to be dropped, because they come faster than the spool takes them. */
  get isFull(): boolean {
    return this.#records.bytes + this.#writingBytes > waitingBytesMax;
  }

  /** As KeptRecords.add(). */
  add(labels: Labels, record: PushedRecord, whole?: () => Uint8Array): void {
    this.#records.add(labels, record, whole);
    this.#added();
  }

  /** As KeptRecords.addLine(). */
  addLine(
    labels: Labels,
    ms: number,
    nanos: number,
    severity: number,
    source: Buffer,
    start: number,
    end: number,
    attributes: Labels | undefined,
    whole?: () => Uint8Array,
  ): void {
    this.#records.addLine(labels, ms, nanos, severity, source, start, end, attributes, whole);
    this.#added();
  }

  #added(): void {
    if (this.#records.isLarge) this.#flush("more may come");
    else this.#setTimer();
  }

  /** Resolves when there is room again: a connection is read no further before. */
  async room(): Promise<void> {
    while (this.isFull) await this.written();
  }

  /** Resolves when everything that was added so far is in the spool, or was dropped and counted by it. */
  written(): Promise<void> {
    this.#flush("all");
    return this.#written;
  }

  #setTimer(): void {
    this.#timer ??= setTimeout(() => this.#flush("more may come"), gatherMs);
  }

  #flush(what: "all" | "more may come"): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#records.length === 0) return;
    const records = this.#records;
    this.#records =
      what === "all"
        ? new KeptRecords(this.#context, this.#lineBytesMax, this.#multiline)
        : records.next();
    if (this.#records.length > 0) this.#setTimer();
    if (records.length === 0) return;
    this.#writingBytes += records.bytes;
    this.#written = this.#writeBehind(this.#written, records);
  }

  async #writeBehind(before: Promise<void>, records: KeptRecords): Promise<void> {
    // Handed over at once: the spool keeps the order of calls.
    const write = this.#write(records);
    await before;
    await write;
    this.#writingBytes -= records.bytes;
  }

  /** What the spool does not take it has counted, and nobody can be asked for it again. */
  async #write(records: KeptRecords): Promise<void> {
    try {
      await records.emit((batch) => this.#context.emitLogs(batch, "wait"));
    } catch (thrown) {
      const { length } = records;
      this.#context.log.error("records were not stored", {
        records: length,
        error: messageOf(thrown),
      });
    }
  }
}
