import { AsyncLocalStorage } from "node:async_hooks";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { OperatingError } from "#shared/errors.ts";
import { Churn } from "#shared/runtime/process/churn.ts";
import { processPressure } from "#shared/runtime/process/memory_pressure.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { QueryMemoryError, type MemoryRefusal } from "./memory_error.ts";

/** Reads that run at once. What a read decodes counts only when it ends, so few at a time may exceed the bound. */
const readsMax = 4;
/** Longest that a query waits for memory that others hold. */
const waitMaxMs = 30_000;

type Options = {
  /** Of all queries together. */
  readonly bytesMax: number;
  /** The key of the configuration that sets it. */
  readonly limitName?: string;
  readonly waitMaxMs?: number;
  readonly churn?: Churn;
  /** Of the bound, in bytes, what may be lent now. */
  readonly lendable?: (bytesMax: number) => number;
};

type Waiter = {
  readonly share: QueryShare;
  readonly isRead: boolean;
  readonly begin: () => void;
};

const current = new AsyncLocalStorage<QueryShare>();

/** What the query that this code runs for holds; undefined outside of queries. */
export function currentShare(): QueryShare | undefined {
  return current.getStore();
}

/**
 * The memory that all queries of the process may hold together: samples and lines that they have read, what they made of them, and
 * answers that are not sent yet. Beyond the bound queries wait, but for the one that began first: it goes on alone, so that no two
 * queries wait for each other. Where unread answers alone hold that much, all wait. While the process holds much memory, they wait beyond a quarter
 * of the bound.
 */
export class QueryMemory {
  readonly #options: Required<Omit<Options, "churn">>;
  /** What queries leave behind and made on the way would be a gigabyte before the runtime looks for it. */
  readonly #churn: Churn;
  /** In the order in which they began to read. */
  readonly #shares = new Set<QueryShare>();
  readonly #waiting = new Set<Waiter>();
  #bytes = 0;
  #reads = 0;
  #countRefusal: (reason: MemoryRefusal) => void = () => {};

  constructor({ churn = new Churn(), ...options }: Options) {
    this.#options = {
      waitMaxMs,
      limitName: "query.memory_max",
      lendable: (bytes) => processPressure.lendable(bytes),
      ...options,
    };
    this.#churn = churn;
  }

  measure(metrics: SelfMetrics): void {
    const held = metrics.gauge(
      "lapwing_query_memory_bytes",
      "What queries hold of query.memory_max: samples, lines, results, and answers that are not sent yet.",
    );
    const waiting = metrics.gauge(
      "lapwing_query_memory_waiting",
      "Queries that wait for memory that other queries hold.",
    );
    const refused = metrics.counter(
      "lapwing_query_memory_refused_total",
      "Queries refused for lack of memory: too_large for query.memory_max, or busy for too long with other queries.",
      ["reason"],
    );
    for (const reason of ["too_large", "busy"]) refused.inc({ reason }, 0);
    this.#countRefusal = (reason) => refused.inc({ reason });
    metrics.onCollect(() => {
      held.set(this.#bytes);
      waiting.set(this.#waiting.size);
    });
  }

  get bytes(): number {
    return this.#bytes;
  }

  get #lendable(): number {
    return this.#options.lendable(this.#options.bytesMax);
  }

  /** Runs `work` as one query. What it holds is free when `work` and the sending of its answer end, or `signal` aborts. */
  async run<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    const share = new QueryShare(this, signal);
    try {
      return await current.run(share, work);
    } finally {
      share.end();
    }
  }

  /** Adds to what a share holds, or takes from it. Throws QueryMemoryError where the share alone exceeds the bound. */
  add(share: QueryShare, bytes: number): void {
    this.#bytes += bytes;
    this.#churn.add(Math.abs(bytes));
    if (bytes < 0) return this.#wake();
    this.#shares.add(share);
    if (share.ownBytes > this.#options.bytesMax) throw this.#tooLarge();
  }

  remove(share: QueryShare, bytes: number): void {
    this.#shares.delete(share);
    this.#bytes -= bytes;
    this.#churn.add(bytes);
    this.#wake();
  }

  beginRead(share: QueryShare): Promise<void> | undefined {
    this.#shares.add(share);
    if (!this.#mayGo(share, true)) return this.#wait(share, true);
    this.#reads += 1;
    return undefined;
  }

  endRead(): void {
    this.#reads -= 1;
    this.#wake();
  }

  /** Undefined where the share need not wait. */
  room(share: QueryShare): Promise<void> | undefined {
    return this.#mayGo(share, false) ? undefined : this.#wait(share, false);
  }

  /** An answer that is being sent can't go on faster: the next share may go on alone. */
  becameSender(): void {
    this.#wake();
  }

  /** Throws QueryMemoryError where queries hold more than there is, and another than `share` goes on alone. */
  endLaterThanOthers(share: QueryShare): void {
    if (this.#bytes > this.#lendable && !this.#isFirst(share)) throw this.#excess();
  }

  #mayGo(share: QueryShare, isRead: boolean): boolean {
    if (isRead && this.#reads >= readsMax) return false;
    return this.#bytes < this.#lendable || this.#isFirst(share);
  }

  /** Passes over answers that are being sent while they hold less than the bound: clients that never read must not add up. */
  #isFirst(share: QueryShare): boolean {
    let sendingBytes = 0;
    for (const each of this.#shares) {
      if (!each.isSending) return each === share;
      sendingBytes += each.bytes;
      if (sendingBytes >= this.#options.bytesMax) return false;
    }
    return true;
  }

  #wait(share: QueryShare, isRead: boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const end = (): void => {
      clearTimeout(timer);
      share.signal.removeEventListener("abort", abort);
      this.#waiting.delete(waiter);
    };
    const waiter: Waiter = {
      share,
      isRead,
      begin: () => {
        end();
        if (isRead) this.#reads += 1;
        resolve();
      },
    };
    const abort = (): void => {
      end();
      reject(new OperatingError("cancelled", "The request was cancelled by the client."));
    };
    const timer = setTimeout(() => {
      end();
      reject(this.#busy());
    }, this.#options.waitMaxMs);
    this.#waiting.add(waiter);
    share.signal.addEventListener("abort", abort);
    if (share.signal.aborted) abort();
    return promise;
  }

  /** The first shares first, so that they end and free what they hold. */
  #wake(): void {
    if (this.#waiting.size === 0) return;
    for (const waiter of this.#waiting)
      if (this.#mayGo(waiter.share, waiter.isRead)) waiter.begin();
  }

  #tooLarge(): QueryMemoryError {
    this.#countRefusal("too_large");
    const text = `the query needs more than ${this.#options.bytesMax} bytes of memory (${this.#options.limitName}): ask for fewer series, a shorter range or a longer step`;
    return new QueryMemoryError("too_large", text);
  }

  #excess(): QueryMemoryError {
    this.#countRefusal("busy");
    const text = `queries together hold ${this.#bytes} bytes of ${this.#options.limitName}, which is ${this.#options.bytesMax}, and others began before: try again later`;
    return new QueryMemoryError("busy", text);
  }

  #busy(): QueryMemoryError {
    this.#countRefusal("busy");
    const text = `no memory in ${this.#options.waitMaxMs / 1_000} s: other queries hold ${this.#bytes} bytes of ${this.#options.limitName}, which is ${this.#options.bytesMax}: try again later`;
    return new QueryMemoryError("busy", text);
  }
}

/** What one query holds. */
export class QueryShare {
  readonly signal: AbortSignal;
  readonly #memory: QueryMemory;
  #bytes = 0;
  #elsewhereBytes = 0;
  #sending = 0;
  #isOver = false;
  #isEnded = false;

  constructor(memory: QueryMemory, signal: AbortSignal) {
    this.#memory = memory;
    this.signal = signal;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Without what other processes hold for it. */
  get ownBytes(): number {
    return this.#bytes - this.#elsewhereBytes;
  }

  get isSending(): boolean {
    return this.#sending > 0;
  }

  /** Counts bytes until the query ends, or less is held. Throws QueryMemoryError. */
  hold(bytes: number): void {
    if (this.#isEnded || bytes === 0) return;
    this.#bytes += bytes;
    this.#memory.add(this, bytes);
  }

  /** Runs a read of the store when it may; what it gives counts once the caller holds it. */
  async read<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#isEnded) return work();
    const turn = this.#memory.beginRead(this);
    if (turn !== undefined) await turn;
    try {
      // What caches hold is read without waiting for anything: a hundred such reads would be one turn of the event loop.
      if (isTurnOver()) await nextTurn();
      return await work();
    } finally {
      this.#memory.endRead();
    }
  }

  /** To be awaited before more is made: a promise while other queries hold too much. */
  room(): Promise<void> | undefined {
    return this.#isEnded ? undefined : this.#memory.room(this);
  }

  /**
   * Says what a process holds that runs for this query and has a limit of its own. It can't wait: where all hold too much together, others
   * began before, and it has more than `spareBytes`, QueryMemoryError is thrown for the caller to end it.
   */
  holdElsewhere(bytes: number, spareBytes: number): void {
    if (this.#isEnded) return;
    const addedBytes = bytes - this.#elsewhereBytes;
    this.#elsewhereBytes = bytes;
    this.#bytes += addedBytes;
    if (addedBytes !== 0) this.#memory.add(this, addedBytes);
    if (bytes > spareBytes) this.#memory.endLaterThanOthers(this);
  }

  /** Says that an answer is being sent; the function that it returns, that it is sent or given up. */
  send(): () => void {
    let isSent = false;
    const sent = (): void => {
      if (isSent) return;
      isSent = true;
      this.signal.removeEventListener("abort", sent);
      this.#sending -= 1;
      if (this.#isOver) this.#free();
    };
    this.#sending += 1;
    this.signal.addEventListener("abort", sent);
    if (this.signal.aborted) sent();
    else this.#memory.becameSender();
    return sent;
  }

  end(): void {
    this.#isOver = true;
    if (this.#sending === 0) this.#free();
  }

  #free(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#memory.remove(this, this.#bytes);
  }
}
