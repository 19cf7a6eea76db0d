import { setImmediate } from "node:timers/promises";
import type { WhenFull } from "./when_full.ts";

export type QueuedBatch<Batch> = {
  readonly batch: Batch;
  readonly whenFull: WhenFull;
  readonly checkpoints: Readonly<Record<string, string>>;
};

/** How many items of each batch are in the file; undefined where the batches cannot be written as one. */
export type WriteGroup<Batch> = (
  group: readonly QueuedBatch<Batch>[],
) => Promise<readonly number[] | undefined>;

type Waiting<Batch> = QueuedBatch<Batch> & {
  readonly resolve: (items: number) => void;
  readonly reject: (reason: unknown) => void;
};

/**
 * Batches on their way to the disk, in the order of the calls. Those that come while others are written wait, and go together: a write,
 * a frame and their checksums cost about the same for one batch as for many.
 */
export class WriteQueue<Batch> {
  readonly #groupMax: number;
  readonly #write: WriteGroup<Batch>;
  #waiting: Waiting<Batch>[] = [];
  readonly #between: (() => Promise<void>)[] = [];
  #working: Promise<void> | undefined;

  /** `write` is asked for one group at a time, of `groupMax` batches at most. */
  constructor(groupMax: number, write: WriteGroup<Batch>) {
    this.#groupMax = groupMax;
    this.#write = write;
  }

  /** Resolves with the items of the batch that are in the file. Throws what `write` throws. */
  add(
    batch: Batch,
    checkpoints: QueuedBatch<Batch>["checkpoints"],
    whenFull: WhenFull = "wait",
  ): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#waiting.push({ batch, checkpoints, whenFull, resolve, reject });
    this.#working ??= this.#work();
    return promise;
  }

  /** Whether a batch is being written, or waits for room. */
  get isBusy(): boolean {
    return this.#working !== undefined;
  }

  /** Rejects the batches behind the one that is being written that are not to wait. */
  refuseWaiting(reason: unknown): void {
    const refused = this.#waiting.filter(({ whenFull }) => whenFull === "refuse");
    this.#waiting = this.#waiting.filter(({ whenFull }) => whenFull === "wait");
    for (const { reject } of refused) reject(reason);
  }

  /** Runs an action while nothing is written. Throws what it throws. */
  between<Result>(action: () => Promise<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#between.push(() => action().then(resolve, reject));
    this.#working ??= this.#work();
    return promise;
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    // With what else comes in this turn of the event loop: a busy agent's requests come several at once.
    if (this.#groupMax > 1) await setImmediate();
    while (this.#waiting.length + this.#between.length > 0) {
      const action = this.#between.shift();
      if (action !== undefined) await action();
      else await this.#take(this.#waiting.splice(0, this.#groupMax));
    }
    this.#working = undefined;
  }

  /** Never throws: writers that wait get the error. */
  async #take(group: readonly Waiting<Batch>[]): Promise<void> {
    try {
      const items = await this.#write(group);
      if (items !== undefined || group.length === 1)
        for (const [i, { resolve }] of group.entries()) resolve(items?.[i] ?? 0);
      else for (const one of group) await this.#take([one]);
    } catch (thrown) {
      for (const { reject } of group) reject(thrown);
    }
  }
}
