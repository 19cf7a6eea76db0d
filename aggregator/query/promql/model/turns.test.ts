import { expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { createPromqlEngine, PromqlConfig } from "../engine.ts";
import { queryDataJson } from "../json.ts";

const tenant = "default";
const nowMs = 60_000;

function seriesOf(count: number): MemoryMetrics {
  const metrics = new MemoryMetrics();
  for (let i = 0; i < count; i++)
    metrics.add({ __name__: "m", i: `i-${i}`, le: String(i), job: `${i % 3}` }, nowMs, i);
  return metrics;
}

/** How often a query looks at the clock, which is when it can be stopped and others get a turn. */
async function looksOf(query: string, count: number, steps = 1): Promise<number> {
  let looks = 0;
  const clock: Clock = {
    ...systemClock,
    now: () => nowMs,
    monotonic: () => {
      looks++;
      return 0;
    },
  };
  const engine = createPromqlEngine(seriesOf(count), PromqlConfig.parse({}), clock);
  if (steps === 1) await engine.instant(query, { tenant, timeMs: nowMs });
  else await engine.range(query, { tenant, startMs: nowMs, endMs: nowMs + steps - 1, stepMs: 1 });
  return looks;
}

const some = 100;
const many = 2_100;
/** Series between two looks, at most. */
const unwatchedMax = 64;

test.each([
  'label_replace(m, "x", "$1", "i", "(.*)")',
  'label_join(m, "x", ",", "i", "job")',
  'sort_by_label(m, "i")',
  "sort(m)",
  "sort_desc(m)",
  "topk(2000, m)",
  "limit_ratio(0.5, m)",
  'count_values("v", m)',
  "sum by (i) (m)",
  "sum by (job) (m)",
  "quantile by (i) (0.9, m)",
  "m + m",
  "m + on(i, le, job) m",
  "m and m",
  "m or m",
  "m unless on(i) m",
  "histogram_quantile(0.5, m)",
  "abs(m)",
  "info(m)",
  "m[1m]",
])("%s looks at the clock every few series", async (query) => {
  const more = (await looksOf(query, many)) - (await looksOf(query, some));
  // Beside those of the selector, which every query has.
  const selected = (await looksOf("absent(m)", many)) - (await looksOf("absent(m)", some));
  const isRaw = query.endsWith("]");
  expect(more - (isRaw ? 0 : selected)).toBeGreaterThanOrEqual(
    Math.floor((many - some) / unwatchedMax),
  );
});

function joinOf(names: readonly string[]): string {
  return `label_join(m, "x", "", ${names.join()})`;
}

test("label_join() of many labels looks at the clock at each series", async () => {
  const names = Array.from({ length: 5_000 }, (_, i) => `"label_${i}"`);
  const few = await looksOf(joinOf(names.slice(0, 10)), some);
  expect(await looksOf(joinOf(names), some)).toBeGreaterThan(few + some / 2);
});

test.each([
  "sum(m)",
  "avg(m)",
  "quantile(0.5, m)",
  "stddev(m)",
  "topk(3, m)",
  "limit_ratio(0.5, m)",
])("%s of one large group looks at the clock every few steps", async (query) => {
  const more = (await looksOf(query, many, 1_200)) - (await looksOf(query, many, 400));
  expect(more).toBeGreaterThanOrEqual(2);
});

test("a query can be cancelled while it replaces labels", async () => {
  const controller = new AbortController();
  let looks = 0;
  const clock: Clock = {
    ...systemClock,
    monotonic: () => {
      if (++looks === 500) controller.abort();
      return 0;
    },
  };
  const engine = createPromqlEngine(seriesOf(many), PromqlConfig.parse({}), clock);
  const query = 'label_replace(m, "x", "$1", "i", "(.*)")';
  const asked = engine.instant(query, { tenant, timeMs: nowMs, signal: controller.signal });
  expect(await asked.catch(messageOf)).toBe("query was canceled in expression evaluation");
  expect(looks).toBeLessThan(510);
});

test("texts that a query makes count as its samples do", async () => {
  const config = { ...PromqlConfig.parse({}), samples_max: 100_000 };
  const engine = createPromqlEngine(seriesOf(100), config, systemClock);
  const replacement = "$1".repeat(10_000);
  const queries = [
    `label_replace(m, "x", "${replacement}", "i", "(.*)")`,
    `label_join(m, "x", "${replacement}", "i", "job", "i")`,
  ];
  for (const query of queries)
    expect(await engine.instant(query, { tenant, timeMs: nowMs }).catch(messageOf)).toBe(
      "query processing would load too many samples into memory in query execution",
    );
});

test("an answer is made in pieces that are short, however long its series are", () => {
  const count = 100_000;
  const timestampsMs = Float64Array.from({ length: count }, (_, i) => i * 1_000);
  const values = Float64Array.from({ length: count }, (_, i) => i);
  const series = [{ labels: { a: "b" }, timestampsMs, values }];
  const pieces = [...queryDataJson({ resultType: "matrix", series })];
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(200_000);
  const { result } = JSON.parse(pieces.join(""));
  expect(result[0].values.length).toBe(count);
  expect(result[0].values[54_321]).toEqual([54_321, "54321"]);
});
