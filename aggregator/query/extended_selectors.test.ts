import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { createPromqlEngine, PromqlConfig } from "./promql/engine.ts";
import { dayMs, points, TierWorld } from "./tiers.fixture.ts";

// Extended selectors and start timestamps over a real store: samples of blocks, and what is left of them in tiers.

const startMs = 20_000 * dayMs;
const minute = 60_000;
const hour = 60 * minute;

/** A counter that goes up by one each 15 s from 2 s after the hour on, and half an hour later starts anew, no lower than before. */
const timestampsMs = Float64Array.from({ length: 240 }, (_, i) => startMs + 2_000 + i * 15_000);
const values = Float64Array.from({ length: 240 }, (_, i) => i);
const starts = Float64Array.from({ length: 240 }, (_, i) =>
  i < 120 ? startMs - hour : startMs + 1_795_000,
);

let world: TierWorld;
beforeEach(async () => {
  world = await new TierWorld(startMs + hour, { retention: { metrics: "100y" } }).open();
  const labels = { __name__: "c_total" };
  for (const [from, to] of [
    [0, 100],
    [100, 240],
  ]) {
    const part = { timestampsMs: timestampsMs.slice(from, to), values: values.slice(from, to) };
    await world.commit([{ labels, ...part, starts: starts.slice(from, to) }]);
  }
});
afterEach(async () => {
  await world.close();
  rmSync(world.folder, { recursive: true, force: true });
});

async function valuesOf(query: string, fromMs: number, toMs: number, stepMs: number) {
  const { data, warnings, infos } = await world.range(query, fromMs, toMs, stepMs);
  return { found: [...points(data).values()], notes: [...warnings, ...infos] };
}

test("samples before and after a range are read from all blocks", async () => {
  const from = startMs + 20 * minute;
  const anchored = await valuesOf(
    "increase(c_total[5m] anchored)",
    from,
    from + 5 * minute,
    minute,
  );
  expect(anchored.found).toEqual([20, 20, 20, 20, 20, 20]);
  const smoothed = await valuesOf(
    "increase(c_total[5m] smoothed)",
    from,
    from + 5 * minute,
    minute,
  );
  for (const value of smoothed.found) expect(value).toBeCloseTo(20, 9);
  expect(smoothed.found).toHaveLength(6);
  const instant = await valuesOf(
    "c_total smoothed",
    startMs + 17_000 + 5_000,
    startMs + 32_000,
    5_000,
  );
  expect(instant.found.map((value) => value.toFixed(6))).toEqual([
    "1.333333",
    "1.666667",
    "2.000000",
  ]);
});

test("starts are read with the newest sample of each step, and find a reset to a higher value", async () => {
  const config = PromqlConfig.parse({ use_start_timestamps: true });
  const engine = createPromqlEngine(world.source(), config);
  const bounds = { tenant: "t", startMs: startMs + 10 * minute, endMs: startMs + 40 * minute };
  const ask = async (query: string) => {
    const { data } = await engine.range(query, { ...bounds, stepMs: 15 * minute });
    return [...points(data).values()];
  };
  expect(await ask("start_timestamp(c_total)")).toEqual([
    (startMs - hour) / 1_000,
    (startMs - hour) / 1_000,
    (startMs + 1_795_000) / 1_000,
  ]);
  expect(await ask("resets(c_total[11m])")).toEqual([0, 0, 1]);
});

test("buckets count by their last samples, at their own times, and are told of", async () => {
  await world.age(startMs + 20 * dayMs);
  expect(world.widths()).toEqual([5 * minute]);
  // The last samples of buckets are 13 s before each fifth minute: 19 and every 20 from there.
  const from = startMs + 20 * minute;
  const { found, notes } = await valuesOf(
    "increase(c_total[5m] anchored)",
    from,
    from + 4 * minute,
    2 * minute,
  );
  expect(found).toEqual([20, 20, 20]);
  expect(notes).toEqual([
    'PromQL info: samples of this age are kept in buckets of 5m, increase() sees the last one of each for metric name "c_total" (1:10)',
  ]);
  const smoothed = await valuesOf("rate(c_total[1m] smoothed)", from, from + 4 * minute, minute);
  expect(smoothed.found).toHaveLength(5);
  for (const value of smoothed.found) expect(value).toBeCloseTo(1 / 15, 9);
  const instant = await valuesOf("c_total smoothed", from, from + 2 * minute, minute);
  for (const [i, value] of instant.found.entries())
    expect(value).toBeCloseTo(79 + (13 + 60 * i) / 15, 9);
  expect(instant.found).toHaveLength(3);
});
