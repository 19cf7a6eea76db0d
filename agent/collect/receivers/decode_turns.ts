import { nextTurn } from "#shared/async/turns.ts";

/** A request is decoded for so long in one turn of the event loop; nearly all are done by then. */
const sliceMs = 20;

/** A decoder that pauses after each short step. Its result is what the decoder returns. */
export type Steps<Result = void> = Generator<undefined, Result, undefined>;

/** Runs a decoder to its end. All other work of the process has its turn after each slice of 20 ms. */
export async function inSlices<Result>(steps: Steps<Result>): Promise<Result> {
  for (;;) {
    const untilMs = performance.now() + sliceMs;
    do {
      const step = steps.next();
      if (step.done === true) return step.value;
    } while (performance.now() < untilMs);
    await nextTurn();
  }
}

/** Runs a decoder to its end at once: for bodies whose size is bounded otherwise. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Lets one request after the other use what a receiver has only one of, such as its buffer of samples. */
export class OneAtATime {
  #last: Promise<void> | undefined;

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    if (before !== undefined) await before;
    try {
      return await work();
    } finally {
      resolve();
      if (this.#last === promise) this.#last = undefined;
    }
  }
}
