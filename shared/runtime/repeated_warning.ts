import type { Clock } from "./clock.ts";
import type { LogFields, Logger } from "./log.ts";

const everyMs = 60_000;

/** A warning that others can cause as often as they like: one line a minute, which says how many came since the line before. */
export class RepeatedWarning {
  readonly #log: Logger;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #message: string;
  #unlogged = 0;
  #loggedMs = Number.NEGATIVE_INFINITY;

  constructor(log: Logger, clock: Pick<Clock, "monotonic">, message: string) {
    this.#log = log;
    this.#clock = clock;
    this.#message = message;
  }

  /** `fields`: of this occurrence, made only where it is logged. */
  warn(fields: () => LogFields): void {
    this.#unlogged++;
    const nowMs = this.#clock.monotonic();
    if (nowMs - this.#loggedMs < everyMs) return;
    this.#log.warn(this.#message, { ...fields(), occurrences: this.#unlogged });
    this.#loggedMs = nowMs;
    this.#unlogged = 0;
  }
}
