import { type BootTime, bootTime } from "./process/boot_time.ts";

/** Time as it is lent to everything that needs it, so that a test can hand in its own. */
export type Clock = {
  /** Unix milliseconds; may jump. */
  now(): number;
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number;
  /** Which boot of the machine this is, and the time since then; absent where the system does not report them. */
  boot?(): BootTime | undefined;
  /** Resolves after `ms`, where they are over already in the next turn, or at once when the signal aborts (it never rejects). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  boot: bootTime,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, ms));
      signal?.addEventListener("abort", done, { once: true });
    }),
};
