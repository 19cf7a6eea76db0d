import type { Clock } from "#shared/runtime/clock.ts";

/** By then each target was scraped twice, and what runs all the time is compiled. */
const warmMs = 30_000;

/**
 * Gives back compiled code and free memory of the engine that only the start needed (Bun.shrink()): at once, and again when the agent is warm.
 * Not more often, because what is in use after all is compiled again, for half a CPU second each time.
 */
export async function shrinkAfterStart(clock: Clock, signal: AbortSignal): Promise<void> {
  Bun.shrink();
  await clock.sleep(warmMs, signal);
  if (!signal.aborted) Bun.shrink();
}
