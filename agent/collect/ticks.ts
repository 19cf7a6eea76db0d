import type { Clock } from "#shared/runtime/clock.ts";
import { sampleTimeMs } from "./sample_time.ts";

/** After a start two ticks come early, so that the first rate does not take a whole interval. */
const earlyTicksMs = [0, 3_000];

/**
 * Ticks at multiples of the interval in Unix time, so that all hosts tick together. Two early ticks come first, where the grid is not as near.
 * Yields the time of the reading that follows. A process that was stopped or suspended skips the ticks that it missed: its first tick
 * afterwards comes at once and carries the time at which it woke up. A jump of the clock is followed.
 */
export async function* ticks(
  intervalMs: number,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<number> {
  const startMs = clock.now();
  const gridMs = () => (Math.floor(clock.now() / intervalMs) + 1) * intervalMs;
  for (const early of earlyTicksMs) {
    if (early > 0 && gridMs() < startMs + 2 * early) break;
    await clock.sleep(startMs + early - clock.now(), signal);
    if (signal.aborted) return;
    yield clock.now();
  }
  while (!signal.aborted) {
    const next = gridMs();
    await clock.sleep(next - clock.now(), signal);
    // A timer may fire a little early: the same tick must not come twice.
    while (clock.now() < next && next - clock.now() < intervalMs && !signal.aborted)
      await clock.sleep(1, signal);
    if (signal.aborted) return;
    yield sampleTimeMs(clock.now(), next, intervalMs);
  }
}
