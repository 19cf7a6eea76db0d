import { messageOf } from "#shared/errors.ts";
import { type Taken, TailBuffer } from "./tail_buffer.ts";
import { type Arrived, chunksOf } from "./arrived.ts";
import type { History, HistoryRead } from "./histories.ts";
import type { Followed, Tails } from "./tails.ts";

/** Where a reader's entries go. */
export type TailSink = {
  /** Whether more may be sent now. Where not, TailSession.pump() is to be called once it may. */
  isReady(): boolean;
  send(taken: Taken): void;
  /** What there is already lacks damaged blocks, a text for each. */
  warn(warnings: readonly string[]): void;
  /** There will be no more. */
  failed(message: string): void;
};

export type TailRequest = {
  readonly tenant: string;
  readonly query: string;
  readonly open: () => Followed;
  /** What there is already, ascending in time. Called when it is this reader's turn, after the query is followed. */
  readonly history: () => Promise<HistoryRead>;
  /** Readers with the same one ask for the same history. */
  readonly historyKey: string;
  /** How long entries are held back, so that those of several hosts come in the order of their times. */
  readonly delayMs: number;
};

/** One reader of a query: first what there is, then what arrives, each once; bounded, with a word on what was missed. */
export class TailSession {
  readonly #request: TailRequest;
  readonly #sink: TailSink;
  readonly #tails: Tails;
  readonly #buffer: TailBuffer;
  readonly #onDropped: (entries: number) => void;
  #end: (() => void) | undefined;
  /** The history, where not all of it is sent. */
  #pending: { readonly history: History; next: number; readonly release: () => void } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Until the history is read; what arrives before may be in it. */
  #isEarly = true;

  constructor(
    request: TailRequest,
    sink: TailSink,
    tails: Tails,
    onDropped: (entries: number) => void,
  ) {
    this.#tails = tails;
    this.#buffer = new TailBuffer(() => tails.bufferBytesMax());
    this.#request = request;
    this.#sink = sink;
    this.#onDropped = onDropped;
  }

  /** Resolves when the history is on its way. */
  async start(): Promise<void> {
    const { tenant, query, open, history, historyKey } = this.#request;
    try {
      this.#end = this.#tails.follow(tenant, query, open, {
        arrived: (chunk) => this.#add(chunk),
        skipped: (records) => {
          this.#onDropped(records);
          this.#buffer.skip(records);
        },
        failed: (message) => this.#fail(message),
      });
      const key = `${tenant}\n${historyKey}`;
      const isHere = () => this.#end !== undefined;
      this.#begin(await this.#tails.histories.take(key, history, isHere));
    } catch (thrown) {
      this.#fail(messageOf(thrown));
    }
  }

  close(): void {
    this.#end?.();
    this.#end = undefined;
    this.#pending?.release();
    this.#pending = undefined;
    clearTimeout(this.#timer);
    this.#buffer.take();
  }

  /** Sends what may be sent. */
  pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#end === undefined || this.#isEarly) return;
    this.#sendHistory();
    if (this.#pending !== undefined || !this.#sink.isReady()) return;
    const { delayMs } = this.#request;
    const taken = this.#buffer.take(performance.now() - delayMs);
    if (this.#buffer.length > 0) this.#timer = setTimeout(() => this.pump(), delayMs + 1);
    if (taken.chunks.length === 0 && taken.droppedCount === 0) return;
    this.#sink.send(delayMs === 0 ? taken : { ...taken, chunks: inOrder(taken.chunks) });
  }

  #begin(history: History): void {
    if (this.#end === undefined) return;
    const early = this.#buffer.take();
    this.#buffer.skip(early.droppedCount);
    this.#isEarly = false;
    if (history.warnings.length > 0) this.#sink.warn(history.warnings);
    if (history.chunks.length > 0) {
      const release = this.#tails.histories.hold(history, () => this.#giveUp());
      this.#pending = { history, next: 0, release };
    }
    for (const { entries } of early.chunks)
      for (const chunk of chunksOf(entries.filter((entry) => !history.has(entry))))
        this.#buffered(chunk);
    this.pump();
  }

  /** As much as the reader takes now. It does not wait as entries do: it is as old as anything that is held back. */
  #sendHistory(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const { history, release } = pending;
    while (pending.next < history.chunks.length && this.#sink.isReady()) {
      const chunks = history.chunks.slice(pending.next, pending.next + 1);
      pending.next++;
      this.#sink.send({ chunks, dropped: [], droppedCount: 0 });
    }
    if (pending.next < history.chunks.length) return;
    this.#pending = undefined;
    release();
  }

  /** Others need the memory, and this reader is the slowest. */
  #giveUp(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    pending.release();
    const lost = pending.history.chunks.slice(pending.next);
    for (const { entries } of lost) {
      this.#onDropped(entries.length);
      this.#buffer.lose(entries);
    }
  }

  #buffered(chunk: Arrived): void {
    const dropped = this.#buffer.add(chunk, performance.now());
    if (dropped > 0) this.#onDropped(dropped);
  }

  #add(chunk: Arrived): void {
    this.#buffered(chunk);
    const { delayMs } = this.#request;
    if (delayMs === 0) this.pump();
    else this.#timer ??= setTimeout(() => this.pump(), delayMs + 1);
  }

  #fail(message: string): void {
    if (this.#end === undefined) return;
    this.close();
    this.#sink.failed(message);
  }
}

function inOrder(chunks: readonly Arrived[]): Arrived[] {
  const entries = chunks.flatMap((chunk) => chunk.entries);
  return chunksOf(
    entries.toSorted((a, b) =>
      a.timestampNs < b.timestampNs ? -1 : a.timestampNs > b.timestampNs ? 1 : 0,
    ),
  );
}
