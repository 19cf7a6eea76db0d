import { nextTurn } from "./turns.ts";

/** Bounds what many short works, of many connections for example, take together of one turn of the event loop. */
export class WorkTurns {
  readonly #sliceMs: number;
  #spentMs = 0;
  #willReset = false;

  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs;
  }

  /** Does the work now, or in a turn of its own where the works of this turn have taken long enough. */
  async work(work: () => void): Promise<void> {
    if (this.#spentMs >= this.#sliceMs) await nextTurn();
    const startMs = performance.now();
    try {
      work();
    } finally {
      this.#spentMs += performance.now() - startMs;
      this.#resetInNextTurn();
    }
  }

  #resetInNextTurn(): void {
    if (this.#willReset) return;
    this.#willReset = true;
    setImmediate(() => {
      this.#spentMs = 0;
      this.#willReset = false;
    });
  }
}
