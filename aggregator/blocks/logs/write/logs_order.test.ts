import { expect, test } from "bun:test";
import { turnsSoFar } from "#shared/async/turns.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { orderedRows } from "./logs_order.ts";
import { LogSource } from "./logs_source.ts";

/** Records of one stream at these times. */
function sourceOf(timesMs: readonly number[]): LogSource {
  const rows = timesMs.length;
  const batch: LogsBatch = {
    streams: [{ job: "a" }],
    streamOf: new Uint32Array(rows),
    timestampsMs: Float64Array.from(timesMs),
    nanos: new Uint32Array(rows),
    severities: new Uint8Array(rows),
    bodies: Buffer.alloc(rows, "x"),
    bodyEnds: Uint32Array.from(timesMs, (_, i) => i + 1),
  };
  return new LogSource(batch);
}

/** The times in the order in which a block would have them, and the source of each. */
async function orderOf(sources: readonly LogSource[]): Promise<[number, number][]> {
  const taken: [number, number][] = [];
  for await (const { runs } of orderedRows(sources, 1_000))
    for (const { stretch, count } of runs)
      for (let i = 0; i < count; i++)
        taken.push([
          stretch.source.batch.timestampsMs[stretch.at++] ?? 0,
          sources.indexOf(stretch.source),
        ]);
  return taken;
}

test("records of a stream whose sources overlap come in order of time, then as they came; many in several turns", async () => {
  for (const rows of [3, 4_096, 15_000]) {
    // Twice each time in one source, and some in several.
    const timesOf = (source: number) =>
      Array.from({ length: rows }, (_, i) => 3 * (i >> 1) + (source % 2));
    const sources = [0, 1, 2].map((source) => sourceOf(timesOf(source)));
    const before = turnsSoFar();
    const order = await orderOf(sources);
    const expected = [0, 1, 2]
      .flatMap((source) => timesOf(source).map((ms): [number, number] => [ms, source]))
      .toSorted((a, b) => a[0] - b[0]);
    expect(order).toEqual(expected);
    if (rows === 15_000) expect(turnsSoFar()).toBeGreaterThan(before);
  }
});
