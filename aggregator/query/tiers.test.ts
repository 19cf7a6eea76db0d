import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { rmSync } from "node:fs";
import { setNormalNan, setStale, wordsOf } from "#shared/model/special_values.ts";
import type { SeriesSamples } from "../read/source.ts";
import { dayMs, differences, points, TierWorld } from "./tiers.fixture.ts";

/** A span of two and a half hours over midnight. */
const midnightMs = 20_000 * dayMs;
const startMs = midnightMs - 75 * 60_000;
const endMs = midnightMs + 75 * 60_000;

const minute = 60_000;
const exact = [
  "rate(x[RANGE])",
  "increase(x[RANGE])",
  "delta(x[RANGE])",
  "sum_over_time(x[RANGE])",
  "avg_over_time(x[RANGE])",
  "count_over_time(x[RANGE])",
  "min_over_time(x[RANGE])",
  "max_over_time(x[RANGE])",
  "first_over_time(x[RANGE])",
  "last_over_time(x[RANGE])",
  "ts_of_first_over_time(x[RANGE])",
  "ts_of_last_over_time(x[RANGE])",
  "present_over_time(x[RANGE])",
  'absent_over_time(x{kind="counter"}[RANGE])',
  "x",
  "timestamp(x)",
  "sum(rate(x[RANGE])) / count(count_over_time(x[RANGE]))",
  "x offset RANGE",
] as const;

type Kind = "counter" | "gauge" | "strange";
/** A sample after `gapMs`. */
const sample = fc.record({
  gapMs: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 14_000, max: 16_000 }) },
    { weight: 2, arbitrary: fc.constant(15_000) },
    { weight: 1, arbitrary: fc.integer({ min: 30_000, max: 1_500_000 }) },
  ),
  what: fc.oneof(
    { weight: 30, arbitrary: fc.constant("value" as const) },
    { weight: 1, arbitrary: fc.constantFrom("reset", "stale", "nan", "inf", "-inf") },
  ),
  by: fc.integer({ min: 0, max: 1_000 }),
  /** In which of four blocks it arrives. */
  block: fc.nat({ max: 3 }),
});
const series = fc.array(sample, { minLength: 200, maxLength: 600, size: "max" });

function samplesOf(
  kind: Kind,
  drawn: readonly { gapMs: number; what: string; by: number; block: number }[],
): SeriesSamples[] {
  const times: number[] = [];
  const values: number[] = [];
  const marks: string[] = [];
  const blocks: number[] = [];
  let timeMs = startMs;
  let value = 0;
  for (const { gapMs, what, by, block } of drawn) {
    timeMs += gapMs;
    if (timeMs > endMs) break;
    if (kind === "counter") value = what === "reset" ? by / 10 : value + by;
    else value = (by - 500) / 7;
    times.push(timeMs);
    values.push(value);
    marks.push(what);
    blocks.push(block);
  }
  const labels = { __name__: "x", kind };
  return [0, 1, 2, 3].map((block) => {
    const mine = times.map((_, i) => i).filter((i) => blocks[i] === block);
    const column = Float64Array.from(mine, (i) => values[i] ?? 0);
    const words = wordsOf(column);
    for (const [at, i] of mine.entries()) {
      const mark = marks[i];
      if (mark === "stale") setStale(words, at);
      if (kind !== "strange") continue;
      if (mark === "nan") setNormalNan(words, at);
      if (mark === "inf") column[at] = Infinity;
      if (mark === "-inf") column[at] = -Infinity;
    }
    return { labels, timestampsMs: Float64Array.from(mine, (i) => times[i] ?? 0), values: column };
  });
}

const kinds: readonly Kind[] = ["counter", "gauge", "strange"];
/** Both stores with the same samples, the tiered one aged to `afterMs` past the last of them; then empty again. */
async function withBoth(
  drawn: readonly (readonly { gapMs: number; what: string; by: number; block: number }[])[],
  afterMs: number,
  action: (raw: TierWorld, tiered: TierWorld) => Promise<void>,
): Promise<void> {
  const raw = await new TierWorld(endMs, {
    tiers: { enabled: false },
    retention: { metrics: "100y" },
  }).open();
  const tiered = await new TierWorld(endMs, { retention: { metrics: "100y" } }).open();
  try {
    const all = drawn.map((one, i) => samplesOf(kinds[i] ?? "gauge", one));
    for (const world of [raw, tiered])
      for (const block of [0, 1, 2, 3])
        await world.commit(all.flatMap((parts) => parts[block] ?? []));
    await tiered.age(endMs + afterMs);
    await action(raw, tiered);
  } finally {
    for (const world of [raw, tiered]) {
      await world.close();
      rmSync(world.folder, { recursive: true, force: true });
    }
  }
}

for (const [name, afterMs, bucketMs] of [
  ["a minute", 3 * dayMs, minute],
  ["five minutes", 20 * dayMs, 5 * minute],
] as const) {
  test(`over buckets of ${name}, ranges of whole buckets give what samples give`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.tuple(series, series, series), async (drawn) => {
        await withBoth(drawn, afterMs, async (raw, tiered) => {
          expect(tiered.widths()).toEqual(
            bucketMs === minute ? [minute, 5 * minute] : [5 * minute],
          );
          for (const query of exact)
            for (const range of [bucketMs, 3 * bucketMs]) {
              const text = query.replaceAll("RANGE", `${range / 1_000}s`);
              const from = startMs;
              const expected = await raw.range(text, from, endMs, 5 * minute);
              if (!query.startsWith("absent"))
                expect(points(expected.data).size).toBeGreaterThan(10);
              const got = await tiered.range(text, from, endMs, 5 * minute);
              expect({ text, off: differences(points(got.data), points(expected.data)) }).toEqual({
                text,
                off: [],
              });
            }
        });
      }),
      { seed: 7, numRuns: 6, endOnFailure: true },
    );
  }, 120_000);
}
