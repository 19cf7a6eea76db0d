import { expect, test } from "bun:test";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import { emitSamples, needsTurns } from "./emit_samples.ts";
import { noRoom } from "./pushed_series.ts";
import { Held } from "../receiver.fixture.ts";
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

test("emitSamples() makes batches of so many new series, and one of known ones", async () => {
  const held = new Held();
  const batches: number[] = [];
  const own = held.context();
  const context = {
    ...own,
    emitMetrics: (batch: MetricsBatch) => {
      const parts = [batch, ...(batch.also ?? [])];
      batches.push(parts.reduce((sum, { schema }) => sum + schema.series.length, 0));
      return own.emitMetrics(batch);
    },
  };
  const series = context.newSeries({ seriesMax: 10_000, idleMs: minuteMs });
  const buffer = new SampleBuffer();
  const push = (timestampMs: number): void => {
    series.begin(timestampMs);
    for (let i = 0; i < 5_000; i++) {
      const column = series.columnOf({ __name__: "m", i: String(i) });
      buffer.push(column, timestampMs, i);
    }
  };
  push(held.nowMs);
  expect(needsTurns(series, buffer)).toBe(true);
  const emitted = emitSamples(context, series, buffer);
  // Idle as they are, the columns stay until all are stored.
  series.begin(held.nowMs + 2 * minuteMs);
  expect(series.labelsOf(4_999)).toEqual({ __name__: "m", i: "4999" });
  await emitted;
  expect(batches).toEqual([2_048, 2_048, 904]);
  expect(held.of({ __name__: "m", i: "4999" })).toEqual([
    { timestampMs: held.nowMs, value: 4_999 },
  ]);
  push(held.nowMs + 1_000);
  expect(needsTurns(series, buffer)).toBe(false);
  await emitSamples(context, series, buffer);
  expect(batches).toEqual([2_048, 2_048, 904, 5_000]);
});
