import type { Clock } from "#shared/runtime/clock.ts";

/** Attempts that may come at once, and how many come back each second: 600 hosts a minute, and no flood of looks into the catalog. */
const burstMax = 50;
const perSecond = 10;

/** Bounds how often something is tried, by all together. */
export class AttemptLimit {
  readonly #clock: Clock;
  #left = burstMax;
  #atMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#atMs = clock.monotonic();
  }

  /** False when it is too much. */
  take(): boolean {
    const nowMs = this.#clock.monotonic();
    const back = ((nowMs - this.#atMs) / 1_000) * perSecond;
    this.#left = Math.min(burstMax, this.#left + back);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
