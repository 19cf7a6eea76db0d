import { labelsKey } from "#shared/model/labels.ts";
import type { LogEntry } from "../query/logql/evaluate.ts";
import { type Arrived, chunksOf } from "./arrived.ts";

/** Histories that are read at a time. The others wait: a hundred readers at once would hold a hundred answers in memory, and stop everything else. */
const readingMax = 2;
/** Of all histories that are read and not sent to the end. Beyond, the oldest are given up. */
const heldBytesMax = 64 * 1_024 * 1_024;
/** Of an entry beside its line. */
const bytesPerEntry = 500;
/** Its line, in the entry and in the frame that is made of it. */
const bytesPerCharacter = 3;

/** Records that there are already, ascending in time, and why there are not all. */
export type HistoryRead = {
  readonly entries: readonly LogEntry[];
  readonly warnings: readonly string[];
};

/** What there was when a reader came, ascending in time. One for all who ask for the same at a time. */
export class History {
  readonly chunks: readonly Arrived[];
  readonly bytes: number;
  /** Damaged blocks that it lacks. */
  readonly warnings: readonly string[];
  readonly #entries: readonly LogEntry[];
  #keys: ReadonlySet<string> | undefined;

  constructor({ entries, warnings }: HistoryRead) {
    this.#entries = entries;
    this.warnings = warnings;
    this.chunks = chunksOf(entries);
    this.bytes = entries.reduce(
      (sum, { body }) => sum + body.length * bytesPerCharacter + bytesPerEntry,
      0,
    );
  }

  has(entry: LogEntry): boolean {
    this.#keys ??= new Set(this.#entries.map(keyOf));
    return this.#keys.has(keyOf(entry));
  }
}

const nothing: HistoryRead = { entries: [], warnings: [] };

type Waiter = {
  readonly isWanted: () => boolean;
  readonly resolve: (history: History) => void;
  readonly reject: (thrown: unknown) => void;
};
type Reading = {
  readonly read: () => Promise<HistoryRead>;
  readonly waiters: Waiter[];
};

/** Reads the histories of tails in turn, and bounds what all of them together hold until their readers have taken it. */
export class TailHistories {
  /** By what is asked for, in the order of arrival. */
  readonly #waiting = new Map<string, Reading>();
  /** What gives a history up, of each reader that has not taken all of it. Those read first come first. */
  readonly #held = new Map<History, Set<() => void>>();
  #heldBytes = 0;
  #reading = 0;

  /** Readers that wait for a history, and the bytes of those that are held. */
  size(): { readonly waiting: number; readonly heldBytes: number } {
    let waiting = 0;
    for (const { waiters } of this.#waiting.values()) waiting += waiters.length;
    return { waiting, heldBytes: this.#heldBytes };
  }

  /**
   * Resolves when it is this reader's turn. Readers that wait for the same `key` share one history. `isWanted` is false once the reader is gone.
   */
  take(key: string, read: () => Promise<HistoryRead>, isWanted: () => boolean): Promise<History> {
    const reading = this.#waiting.get(key) ?? { read, waiters: [] };
    this.#waiting.set(key, reading);
    const { promise, resolve, reject } = Promise.withResolvers<History>();
    reading.waiters.push({ isWanted, resolve, reject });
    this.#next();
    return promise;
  }

  /**
   * Counts a history until the reader has taken all of it and calls what this gives. Calls `giveUp` where the memory is needed: the reader is then to
   * let go of the rest.
   */
  hold(history: History, giveUp: () => void): () => void {
    const holders = this.#held.get(history) ?? new Set();
    if (holders.size === 0) {
      this.#held.set(history, holders);
      this.#heldBytes += history.bytes;
    }
    holders.add(giveUp);
    this.#shed(history);
    return () => {
      if (!holders.delete(giveUp) || holders.size > 0) return;
      this.#held.delete(history);
      this.#heldBytes -= history.bytes;
    };
  }

  #shed(newest: History): void {
    for (const [history, holders] of Array.from(this.#held)) {
      if (this.#heldBytes <= heldBytesMax || history === newest) return;
      for (const giveUp of Array.from(holders)) giveUp();
    }
  }

  #next(): void {
    for (const [key, reading] of this.#waiting) {
      if (this.#reading >= readingMax) return;
      this.#waiting.delete(key);
      this.#reading++;
      // Failures go to its waiters.
      void this.#run(reading);
    }
  }

  async #run({ read, waiters }: Reading): Promise<void> {
    try {
      // Others have their turn between two histories, and between two readers of one.
      await othersTurn();
      const isWanted = waiters.some((waiter) => waiter.isWanted());
      const history = new History(isWanted ? await read() : nothing);
      for (const waiter of waiters) {
        waiter.resolve(history);
        await othersTurn();
      }
    } catch (thrown) {
      for (const waiter of waiters) waiter.reject(thrown);
    } finally {
      this.#reading--;
      this.#next();
    }
  }
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function keyOf({ timestampNs, body, stream }: LogEntry): string {
  return `${timestampNs} ${labelsKey(stream)} ${body}`;
}
