import type { Clock } from "#shared/runtime/clock.ts";
import { ProgramPages } from "./program_pages.ts";

const firstMs = 1_000;
const roundsMs = 60_000;
/** By then each target was scraped twice, and what runs all the time is compiled. */
const warmMs = 30_000;

/**
 * Gives back what only the start needed, until the signal aborts: compiled code and free memory of the engine at once and again when the agent
 * is warm (Bun.shrink(): what is in use after all is compiled again, for half a CPU second each time, so that it is not done for ever), pages of
 * the program, which come back in small pieces, at first soon, then down to once a minute.
 */
export async function keepMemorySmall(clock: Clock, signal: AbortSignal): Promise<void> {
  const startedMs = clock.monotonic();
  let isWarm = false;
  Bun.shrink();
  const pages = ProgramPages.open();
  pages?.divide();
  for (let waitMs = firstMs; !signal.aborted; waitMs = Math.min(2 * waitMs, roundsMs)) {
    pages?.drop();
    await clock.sleep(waitMs, signal);
    if (isWarm || signal.aborted || clock.monotonic() - startedMs < warmMs) continue;
    isWarm = true;
    Bun.shrink();
  }
}
