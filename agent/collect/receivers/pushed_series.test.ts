import { expect, test } from "bun:test";
import { emitSamples } from "./emit_samples.ts";
import { noRoom } from "./pushed_series.ts";
import { Held } from "./receiver.fixture.ts";
import { SampleBuffer } from "./sample_buffer.ts";

const minuteMs = 60_000;

async function known(outOfOrderMs: number) {
  const held = new Held();
  held.outOfOrderMs = outOfOrderMs;
  const context = held.context();
  const series = context.newSeries({ seriesMax: 10, idleMs: 1_000 });
  series.begin(held.nowMs);
  const [old, fresh] = ["old", "fresh"].map((name) => series.columnOf({ __name__: name }));
  const buffer = new SampleBuffer();
  buffer.push(old ?? 0, held.nowMs - 50 * minuteMs, 1);
  buffer.push(fresh ?? 0, held.nowMs, 1);
  await emitSamples(context, series, buffer);
  const isTooOld = (column: number | undefined, minutesAgo: number) =>
    series.isTooOld(column ?? 0, held.nowMs - minutesAgo * minuteMs);
  return { held, series, isTooOld, old, fresh };
}

test("isTooOld(): older than a series' newest is taken within the window, behind the newest of all", async () => {
  const { isTooOld, old, fresh } = await known(120 * minuteMs);
  for (const [minutesAgo, wanted] of [
    [0, false],
    [119, false],
    [120, false],
    [121, true],
  ] as const)
    for (const column of [old, fresh]) expect(isTooOld(column, minutesAgo)).toBe(wanted);
});

test("isTooOld(): a series' newest may be an hour late whatever the window; with none, nothing else", async () => {
  const none = await known(0);
  expect([49, 51].map((ago) => none.isTooOld(none.old, ago))).toEqual([false, true]);
  expect([0, 1].map((ago) => none.isTooOld(none.fresh, ago))).toEqual([false, true]);
  const fresh = none.series.columnOf({ __name__: "new" });
  expect([59, 61].map((ago) => none.isTooOld(fresh, ago))).toEqual([false, true]);
  const small = await known(10 * minuteMs);
  expect([9, 11].map((ago) => small.isTooOld(small.fresh, ago))).toEqual([false, true]);
  expect([49, 51].map((ago) => small.isTooOld(small.old, ago))).toEqual([false, true]);
});

test("columnOf() refuses a new series while the agent is full, and notes it", async () => {
  const { held, series, old } = await known(0);
  held.hasRoom = false;
  expect(series.columnOf({ __name__: "new" })).toBe(noRoom);
  expect(series.columnOf({ __name__: "old" })).toBe(old ?? -1);
  expect(held.refused).toEqual([{ __name__: "new" }]);
  held.hasRoom = true;
  expect(series.columnOf({ __name__: "new" })).not.toBe(noRoom);
});
