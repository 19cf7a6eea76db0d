/** The loop turns once a second; a busy one may be late. */
const loopLateMaxMs = 30_000;
/** An older failure says nothing of now: there may have been nothing to send since. */
const failureAgeMaxMs = 15 * 60_000;

/** Whether notifications go out, for the dead man's switch. */
export class NotifierHealth {
  #turnedMs = -Infinity;
  #failure: { readonly error: string; readonly atMs: number } | undefined;

  /** The loop looked for what is due. By a clock that does not jump. */
  turned(nowMs: number): void {
    this.#turnedMs = nowMs;
  }

  /** A notification has its outcome. `error`: of one that was given up. */
  settled(error: string | undefined, atMs: number): void {
    this.#failure = error === undefined ? undefined : { error, atMs };
  }

  /** Why notifications may reach no one now, or undefined. */
  trouble(nowMs: number): string | undefined {
    if (nowMs - this.#turnedMs > loopLateMaxMs) return "the notifier stands still";
    const { error, atMs } = this.#failure ?? { error: "", atMs: -Infinity };
    return nowMs - atMs > failureAgeMaxMs ? undefined : `the last notification failed: ${error}`;
  }
}
