type Timer = { readonly dueMs: number; readonly order: number; run: (() => void) | undefined };

/** What is to be done at a time. Nothing here waits: the caller holds the clock. */
export class Timers {
  /** A binary heap: no timer is due before the one at half its place. */
  readonly #heap: Timer[] = [];
  #made = 0;

  /** Gives what cancels it. Timers of the same time run in the order in which they were set. */
  at(dueMs: number, run: () => void): () => void {
    const timer: Timer = { dueMs, order: this.#made++, run };
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1);
    return () => {
      timer.run = undefined;
    };
  }

  /** When the next one is due, or undefined. */
  get dueMs(): number | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.run !== undefined) return first.dueMs;
      this.#removeFirst();
    }
    return undefined;
  }

  /** Runs what is due, one after the other; false where nothing is. */
  runOne(nowMs: number): boolean {
    const dueMs = this.dueMs;
    if (dueMs === undefined || dueMs > nowMs) return false;
    this.#removeFirst()?.run?.();
    return true;
  }

  #removeFirst(): Timer | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return first;
    this.#heap[0] = last;
    this.#sink(0);
    return first;
  }

  #rise(from: number): void {
    for (let place = from; place > 0;) {
      const above = (place - 1) >> 1;
      if (!this.#swapIfEarlier(place, above)) return;
      place = above;
    }
  }

  #sink(from: number): void {
    for (let place = from; ;) {
      const [left, right] = [2 * place + 1, 2 * place + 2];
      const below = this.#isEarlier(right, left) ? right : left;
      if (!this.#swapIfEarlier(below, place)) return;
      place = below;
    }
  }

  #swapIfEarlier(below: number, above: number): boolean {
    const [a, b] = [this.#heap[below], this.#heap[above]];
    if (a === undefined || b === undefined || !this.#isEarlier(below, above)) return false;
    [this.#heap[below], this.#heap[above]] = [b, a];
    return true;
  }

  #isEarlier(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return false;
    return a.dueMs === b.dueMs ? a.order < b.order : a.dueMs < b.dueMs;
  }
}
