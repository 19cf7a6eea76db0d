import { expect, test } from "bun:test";
import { createPromqlEngine, PromqlConfig } from "#aggregator/query/promql/engine.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { queryRoutes } from "./query_routes.ts";

// What `stats` tells, as docs/feature_flags.md of Prometheus defines it ("Per-step stats").

const metrics = new MemoryMetrics();
for (let i = 0; i <= 10; i++) {
  metrics.add({ __name__: "http_requests_total", code: "200" }, i * 15_000, i * 30);
  metrics.add({ __name__: "http_requests_total", code: "500" }, i * 15_000, i);
}
metrics.add({ __name__: "odd" }, 1_500, Number.NaN);
const app = queryRoutes({
  engine: createPromqlEngine(metrics, PromqlConfig.parse({})),
  clock: { ...systemClock, now: () => 150_000 },
  tenant: () => "default",
});

async function get(path: string): Promise<{ text: string }> {
  return { text: await (await app.request(path)).text() };
}

async function samplesOf(path: string): Promise<string | undefined> {
  const { text } = await get(path);
  return /"samples":\{(.*),"peakSamples":\d+\}\}/.exec(text)?.[1];
}

function range(query: string): Promise<string | undefined> {
  return samplesOf(
    `/query_range?query=${encodeURIComponent(query)}&start=60&end=90&step=15&stats=all`,
  );
}

function steps(counts: readonly number[]): string {
  return counts.map((count, i) => `[${60 + i * 15},${count}]`).join(",");
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, one) => all + one, 0);
}

function of(total: readonly number[], read: readonly number[]): string {
  return (
    `"totalQueryableSamplesPerStep":[${steps(total)}],"totalQueryableSamples":${sum(total)},` +
    `"samplesReadPerStep":[${steps(read)}],"samplesRead":${sum(read)}`
  );
}

test("counts what selectors give, windows hold, and what of that is new", async () => {
  expect(await range("http_requests_total")).toBe(of([2, 2, 2], [2, 2, 2]));
  expect(await range("http_requests_total + http_requests_total")).toBe(of([4, 4, 4], [4, 4, 4]));
  expect(await range("rate(http_requests_total[1m])")).toBe(of([8, 8, 8], [8, 2, 2]));
  expect(await range("vector(1)")).toBe(of([0, 0, 0], [0, 0, 0]));
  expect(await range("nothing")).toBe(of([0, 0, 0], [0, 0, 0]));
});
test("counts what @ fixes at every step, and reads it once", async () => {
  expect(await range("http_requests_total @ 30")).toBe(of([2, 2, 2], [2, 0, 0]));
  expect(await range("rate(http_requests_total[30s] @ 60)")).toBe(of([4, 4, 4], [4, 0, 0]));
});
test("counts a subquery's results in its windows, and reads what its inside reads", async () => {
  expect(await range('sum_over_time(http_requests_total{code="200"}[30s:15s])')).toBe(
    of([2, 2, 2], [2, 1, 1]),
  );
  expect(await samplesOf("/query?query=http_requests_total%5B30s%5D&time=60&stats=all")).toBe(
    '"totalQueryableSamplesPerStep":[[60,4]],"totalQueryableSamples":4,"samplesReadPerStep":[[60,4]],"samplesRead":4',
  );
  expect(await samplesOf("/query?query=odd%5B30s:15s%5D&time=60&stats=all")).toBe(
    '"totalQueryableSamplesPerStep":[[60,2]],"totalQueryableSamples":2,"samplesReadPerStep":[[60,2]],"samplesRead":2',
  );
});
test("tells no steps unless all is asked for, and of other values that they will go", async () => {
  expect((await get("/query?query=1&stats=true")).text).not.toContain("PerStep");
  expect((await get("/query?query=1")).text).not.toContain("stats");
  expect((await get("/query?query=1&stats=yes")).text).toContain(
    'value \\"yes\\" for parameter \\"stats\\" is deprecated',
  );
});
