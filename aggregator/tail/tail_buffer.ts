import type { LogEntry } from "../query/logql/evaluate.ts";
import type { Arrived } from "./arrived.ts";

/** What a reader has not been sent yet, and what it will never be. */
export type Taken = {
  /** In the order of arrival. */
  readonly chunks: readonly Arrived[];
  /** Entries that had to go, since take() was called last; at most droppedListMax of them. */
  readonly dropped: readonly LogEntry[];
  /** How many went altogether, listed or not. */
  readonly droppedCount: number;
};

/** Of one reader: some seconds of a busy system. */
const entriesMax = 10_000;
/** As many as Loki lists in one frame. */
const droppedListMax = 1_000;
const bytesPerEntry = 300;

/** The bounded buffer of one who follows a query: where it is full the oldest go, and that is told. */
export class TailBuffer {
  readonly #bytesMax: () => number;
  #chunks: Arrived[] = [];
  #arrivedMs: number[] = [];
  #entries = 0;
  #bytes = 0;
  #dropped: LogEntry[] = [];
  #droppedCount = 0;

  /** `bytesMax`: this reader's share of what all may hold, as it is now. */
  constructor(bytesMax: () => number) {
    this.#bytesMax = bytesMax;
  }

  /** Chunks that wait. */
  get length(): number {
    return this.#chunks.length;
  }

  /** Gives how many entries had to go. */
  add(chunk: Arrived, nowMs: number): number {
    this.#chunks.push(chunk);
    this.#arrivedMs.push(nowMs);
    this.#count(chunk, 1);
    let dropped = 0;
    const bytesMax = this.#bytesMax();
    while ((this.#entries > entriesMax || this.#bytes > bytesMax) && this.#chunks.length > 1)
      dropped += this.#drop();
    return dropped;
  }

  /** Records that were never looked at, so that nobody knows which of them were wanted. */
  skip(records: number): void {
    this.#droppedCount += records;
  }

  /** Entries that the reader will not get. */
  lose(entries: readonly LogEntry[]): void {
    this.#droppedCount += entries.length;
    this.#dropped.push(...entries.slice(0, droppedListMax - this.#dropped.length));
  }

  /** What arrived until then, and everything that was dropped so far. */
  take(untilMs = Number.POSITIVE_INFINITY): Taken {
    const later = this.#arrivedMs.findIndex((ms) => ms > untilMs);
    const count = later < 0 ? this.#chunks.length : later;
    const chunks = this.#chunks.splice(0, count);
    this.#arrivedMs.splice(0, count);
    for (const chunk of chunks) this.#count(chunk, -1);
    const taken = { chunks, dropped: this.#dropped, droppedCount: this.#droppedCount };
    this.#dropped = [];
    this.#droppedCount = 0;
    return taken;
  }

  #drop(): number {
    const chunk = this.#chunks.shift();
    this.#arrivedMs.shift();
    if (chunk === undefined) return 0;
    this.#count(chunk, -1);
    this.lose(chunk.entries);
    return chunk.entries.length;
  }

  #count({ entries }: Arrived, sign: 1 | -1): void {
    this.#entries += sign * entries.length;
    for (const { body } of entries) this.#bytes += sign * (body.length + bytesPerEntry);
  }
}
