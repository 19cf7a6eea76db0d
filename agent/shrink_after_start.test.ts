import { expect, spyOn, test } from "bun:test";
import { shrinkAfterStart } from "./shrink_after_start.ts";

/** When the engine shrank, in milliseconds since the start; `isEnded` ends the wait for a warm agent. */
async function shrunkAt(isEnded: boolean): Promise<number[]> {
  const shrink = spyOn(Bun, "shrink");
  const at: number[] = [];
  let nowMs = 5_000;
  shrink.mockImplementation(() => void at.push(nowMs - 5_000));
  try {
    const ending = new AbortController();
    const sleep = async (ms: number) => {
      nowMs += ms;
      if (isEnded) ending.abort();
    };
    await shrinkAfterStart({ now: () => nowMs, monotonic: () => nowMs, sleep }, ending.signal);
    return at;
  } finally {
    shrink.mockRestore();
  }
}

test("shrinkAfterStart() has the engine shrink at the start and once more when the agent is warm", async () => {
  expect(await shrunkAt(false)).toEqual([0, 30_000]);
});
test("shrinkAfterStart() does not shrink an agent that ends", async () => {
  expect(await shrunkAt(true)).toEqual([0]);
});
