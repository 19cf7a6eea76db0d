import { expect, test } from "bun:test";
import { PromqlConfig, createPromqlEngine } from "#aggregator/query/promql/engine.ts";
import type { SeriesSchema } from "#shared/model/metrics.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { AdaptiveStage, schemaOf } from "#test/support/adaptive_stage.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { seededRandom } from "#test/support/random_promql.ts";

const startMs = 1_760_000_040_000;
const seconds = 1_200;

/** A counter that grows by some 100 a second and begins anew twice, and a gauge: thinned, with fine samples from minute 8 to 12, and whole. */
async function mixture() {
  const stage = new AdaptiveStage(
    { metrics: { match: '{job="app"}' }, band: { enabled: false }, ring: "10m" },
    startMs,
  );
  const whole = new MemoryMetrics();
  const schema: SeriesSchema = schemaOf({ seen_total: "counter", level: "gauge" });
  const random = seededRandom(7);
  let count = 0;
  for (let second = 0; second <= seconds; second++) {
    stage.nowMs = startMs + 1_000 * second;
    count = second === 361 || second === 642 ? 0 : count + Math.floor(95 + 11 * random());
    const level = 100 + 50 * Math.sin(second / 40);
    stage.row(schema, [count, level]);
    for (const [i, value] of [count, level].entries())
      whole.add(schema.series[i] ?? {}, stage.nowMs, value);
    if (second === 700)
      await stage.adaptive.request({
        reason: "alert",
        match: [],
        beforeMs: 220_000,
        afterMs: 20_000,
      });
    if (second % 5 === 0) await stage.pump();
  }
  await stage.stop();
  const mixed = new MemoryMetrics();
  for (const { labels, timestampMs, value, isFine } of stage.shipped)
    mixed.add(labels, timestampMs, value, 0, isFine);
  const ask = (metrics: MemoryMetrics) => {
    const engine = createPromqlEngine(metrics, PromqlConfig.parse({}), systemClock);
    return async (query: string, offset: number) => {
      const timeMs = startMs + 1_000 * offset;
      const { data } = await engine.instant(query, { tenant: "t", timeMs });
      if (data.resultType !== "vector") throw new Error(data.resultType);
      return Number(data.series[0]?.value);
    };
  };
  return { mixed: ask(mixed), whole: ask(whole), samples: stage.shipped.length };
}

test("increases over coarse and fine samples are those of a copy that was never thinned, at all steps", async () => {
  const { mixed, whole, samples } = await mixture();
  // Fine from 480 to 720: 240 and 15 of the figures, a second, less what is shipped anyway.
  expect(samples).toBeLessThan(1_000);
  for (const range of ["1m", "2m", "5m"])
    // On the ends of windows and between them.
    for (let second = 330; second <= seconds; second++) {
      const query = `increase(seen_total[${range}])`;
      const share = (await mixed(query, second)) / (await whole(query, second));
      // A reset shows in the coarse series with its next sample: up to then a second of the increase is not known to be lost.
      const isReset = second > 360 && second < 375;
      expect(share, `${query} at ${second}`).toBeWithin(0.99, isReset ? 1.03 : 1.01);
    }
}, 30_000);

test("rates that extrapolate nothing are exact over both, at their edges, too", async () => {
  const { mixed, whole } = await mixture();
  for (let second = 390; second <= seconds; second += 15) {
    const query = "increase(seen_total[1m] anchored)";
    const share = (await mixed(query, second)) / (await whole(query, second));
    expect(share).toBeWithin(0.999, 1.001);
  }
}, 30_000);

test("what is read of a gauge is the same at the end of each window", async () => {
  const { mixed, whole } = await mixture();
  for (let second = 0; second <= seconds; second += 15)
    expect(await mixed("level", second)).toBe(await whole("level", second));
  // And its extremes are those of all seconds, where only every fifteenth was shipped.
  for (let second = 330; second <= seconds; second += 15)
    for (const [ours, exact] of [
      ["level:max", "max_over_time(level[15s])"],
      ["level:min", "min_over_time(level[15s])"],
      ["level:count", "count_over_time(level[15s])"],
    ] as const)
      expect(await mixed(ours, second)).toBe(await whole(exact, second));
}, 30_000);
