import { expect, test } from "bun:test";
import { AdaptiveConfig } from "./config.ts";
import { LazyAdaptiveConfig } from "./lazy_config.ts";

const labels = (name: string, more: Record<string, string> = {}) => ({ __name__: name, ...more });

function mistakesOf(written: object): string[] {
  const { error } = LazyAdaptiveConfig.safeParse(written);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

test("AdaptiveConfig without keys is about the host: all of it in the ring, some gauges in windows", () => {
  const { metrics, band, sources } = AdaptiveConfig.parse({});
  expect(sources).toEqual(["host_metrics"]);
  expect(metrics.match.selects(labels("node_cpu_seconds_total"))).toBe(true);
  expect(metrics.windows.selects(labels("node_cpu_seconds_total"))).toBe(false);
  expect(metrics.windows.selects(labels("node_procs_blocked"))).toBe(true);
  expect(band.match.selects(labels("node_procs_blocked"))).toBe(false);
  expect(band.match.selects(labels("node_load1"))).toBe(true);
  expect(band.width_min_absolute).toBe(2);
});

test("AdaptiveConfig: what is chosen for the ring is chosen for windows and bands, unless they choose", () => {
  const { metrics, band } = AdaptiveConfig.parse({ metrics: { match: "a" } });
  for (const { selects } of [metrics.match, metrics.windows, band.match])
    expect([selects(labels("a")), selects(labels("node_load1"))]).toEqual([true, false]);
  expect(band.width_min_absolute).toBe(0);
  const own = AdaptiveConfig.parse({
    metrics: { match: '{job="x"}', windows: ["a", "b"] },
    band: { match: 'c{job="x"}' },
  });
  expect(own.metrics.windows.selects(labels("b"))).toBe(true);
  expect(own.band.match.selects(labels("b"))).toBe(false);
  expect(own.band.match.selects(labels("c", { job: "x" }))).toBe(true);
});

test("AdaptiveConfig names what is wrong", () => {
  expect(mistakesOf({ ship: "1s", before: "11m", after: "1h" })).toEqual([
    "ship: must be two times collect or more",
    "before: must not be longer than ring",
    "after: must not be longer than ring",
  ]);
  expect(
    mistakesOf({ collect: "10ms", ring: "3h", ring_size_max: "1KiB", sources: [] }),
  ).toHaveLength(4);
  expect(mistakesOf({ metrics: { match: "a b" } })[0]).toStartWith(
    'metrics.match: "a b": expected a selector of series',
  );
  expect(LazyAdaptiveConfig.parse(undefined)).toBeUndefined();
});
