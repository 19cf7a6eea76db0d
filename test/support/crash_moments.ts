import { randomOf } from "./mutator.ts";

/** CRASH_SEED, or another one in each run: the name of a crash test holds it, so that the same moments can be tried again. */
export const crashSeed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);

/** Gives the delay before each kill, in whole milliseconds below a maximum: the same ones in the same order for the same seed. */
export function crashMoments(): (belowMs: number) => number {
  return randomOf(crashSeed);
}
