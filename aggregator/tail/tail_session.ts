import { messageOf } from "#shared/errors.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { LogEntry } from "../query/logql/evaluate.ts";
import { type Taken, TailBuffer } from "./tail_buffer.ts";
import { type Arrived, type Followed, type Tails, chunksOf } from "./tails.ts";

/** Where a reader's entries go. */
export type TailSink = {
  /** Whether more may be sent now. Where not, TailSession.pump() is to be called once it may. */
  isReady(): boolean;
  send(taken: Taken): void;
  /** There will be no more. */
  failed(message: string): void;
};

export type TailRequest = {
  readonly tenant: string;
  readonly query: string;
  readonly open: () => Followed;
  /** What there is already, ascending in time. Called in the tick in which the query begins to be followed. */
  readonly history: () => Promise<readonly LogEntry[]>;
  /** How long entries are held back, so that those of several hosts come in the order of their times. */
  readonly delayMs: number;
};

/** One reader of a query: first what there is, then what arrives, each once; bounded, with a word on what was missed. */
export class TailSession {
  readonly #request: TailRequest;
  readonly #sink: TailSink;
  readonly #buffer = new TailBuffer();
  readonly #onDropped: (entries: number) => void;
  #end: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Until the history is read; what arrives before may be in it. */
  #isEarly = true;

  constructor(request: TailRequest, sink: TailSink, onDropped: (entries: number) => void) {
    this.#request = request;
    this.#sink = sink;
    this.#onDropped = onDropped;
  }

  /** Resolves when the history is on its way. */
  async start(tails: Tails): Promise<void> {
    const { tenant, query, open, history } = this.#request;
    try {
      this.#end = tails.follow(tenant, query, open, {
        arrived: (chunk) => this.#add(chunk),
        skipped: (records) => {
          this.#onDropped(records);
          this.#buffer.skip(records);
        },
        failed: (message) => this.#fail(message),
      });
      this.#begin(await history());
    } catch (thrown) {
      this.#fail(messageOf(thrown));
    }
  }

  close(): void {
    this.#end?.();
    this.#end = undefined;
    clearTimeout(this.#timer);
    this.#buffer.take();
  }

  /** Sends what may be sent. */
  pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#end === undefined || this.#isEarly || !this.#sink.isReady()) return;
    const { delayMs } = this.#request;
    const taken = this.#buffer.take(performance.now() - delayMs);
    if (this.#buffer.length > 0) this.#timer = setTimeout(() => this.pump(), delayMs + 1);
    if (taken.chunks.length === 0 && taken.droppedCount === 0) return;
    this.#sink.send(delayMs === 0 ? taken : { ...taken, chunks: inOrder(taken.chunks) });
  }

  #begin(history: readonly LogEntry[]): void {
    if (this.#end === undefined) return;
    const early = this.#buffer.take();
    this.#buffer.skip(early.droppedCount);
    this.#isEarly = false;
    for (const chunk of chunksOf(history)) this.#send(chunk);
    const known = new Set(early.chunks.length === 0 ? [] : history.map(keyOf));
    for (const { entries } of early.chunks)
      for (const chunk of chunksOf(entries.filter((entry) => !known.has(keyOf(entry)))))
        this.#add(chunk);
  }

  /** The history does not wait: it is as old as anything that is held back. */
  #send(chunk: Arrived): void {
    if (this.#sink.isReady()) this.#sink.send({ chunks: [chunk], dropped: [], droppedCount: 0 });
    else this.#add(chunk);
  }

  #add(chunk: Arrived): void {
    const dropped = this.#buffer.add(chunk, performance.now());
    if (dropped > 0) this.#onDropped(dropped);
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

function keyOf({ timestampNs, body, stream }: LogEntry): string {
  return `${timestampNs} ${labelsKey(stream)} ${body}`;
}
