import { expect, test } from "bun:test";
import { systemClock } from "./clock.ts";

test("sleep() of a time that is over ends in the next turn, and nobody is warned", async () => {
  const warnings: Error[] = [];
  const keep = (warning: Error): void => void warnings.push(warning);
  process.on("warning", keep);
  try {
    const began = systemClock.monotonic();
    await systemClock.sleep(-1_000);
    await systemClock.sleep(1);
    expect(systemClock.monotonic() - began).toBeLessThan(1_000);
    expect(warnings).toEqual([]);
  } finally {
    process.off("warning", keep);
  }
});
