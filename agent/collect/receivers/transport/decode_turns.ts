import { beginTurn, isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { processGarbage } from "#shared/runtime/process/garbage.ts";

/** A decoder that pauses after each short step. Its result is what the decoder returns. */
export type Steps<Result = void> = Generator<undefined, Result, undefined>;

/** Turns of decoding after which the size of the process is looked at: some 250 ms. */
const turnsPerLook = 16;
let slices = 0;

/**
 * Runs a decoder to its end, nearly all in one turn of the event loop. A longer one goes on turn by turn, and shares the time of each with all
 * other paced work: requests that arrive together wait for each other, and everything else of the process has its turn.
 */
export async function inSlices<Result>(steps: Steps<Result>): Promise<Result> {
  beginTurn();
  for (;;) {
    while (!isTurnOver()) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
    await nextTurn();
    // A body of 32 MB can leave a gigabyte of short-lived lines and labels behind before the runtime looks for garbage.
    if (++slices % turnsPerLook === 0) processGarbage.look();
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
