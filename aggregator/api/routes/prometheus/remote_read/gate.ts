import { OperatingError } from "#shared/errors.ts";

/** Lets a number of callers in at a time; the others wait in line, and beyond a length of it are refused. */
export class Gate {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(runningMax: number, waitingMax: number) {
    this.#runningMax = runningMax;
    this.#waitingMax = waitingMax;
  }

  /** Resolves with what lets the next one in, to be called once. Throws OperatingError("overloaded"). */
  async enter(): Promise<() => void> {
    if (this.#running >= this.#runningMax) {
      if (this.#waiting.length >= this.#waitingMax)
        throw new OperatingError("overloaded", `${this.#waitingMax} requests are waiting already`);
      const turn = Promise.withResolvers<void>();
      this.#waiting.push(turn.resolve);
      // The one that leaves hands its place over, so the count stays.
      await turn.promise;
    } else this.#running++;
    return () => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    };
  }
}
