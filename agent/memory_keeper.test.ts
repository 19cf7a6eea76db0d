import { expect, spyOn, test } from "bun:test";
import { keepMemorySmall } from "./memory_keeper.ts";

test("keepMemorySmall() has the engine shrink at the start and once when warm, looks ever less often, and ends", async () => {
  const shrink = spyOn(Bun, "shrink");
  try {
    const ending = new AbortController();
    let nowMs = 5_000;
    const sleeps: number[] = [];
    const shrunkAtMs: number[] = [];
    await keepMemorySmall(
      {
        now: () => nowMs,
        monotonic: () => nowMs,
        sleep: (ms) => {
          while (shrunkAtMs.length < shrink.mock.calls.length) shrunkAtMs.push(nowMs - 5_000);
          sleeps.push(ms);
          nowMs += ms;
          if (sleeps.length === 9) ending.abort();
          return Promise.resolve();
        },
      },
      ending.signal,
    );
    expect(sleeps).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => 1_000 * seconds));
    expect(shrunkAtMs).toEqual([0, 31_000]);
  } finally {
    shrink.mockRestore();
  }
});
