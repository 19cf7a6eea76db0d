import { expect, test } from "bun:test";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import { isAbsent, isStale, wordsOf } from "#shared/model/special_values.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { AggregationConfig } from "./config.ts";
import { StreamAggregator } from "./stream_aggregator.ts";

const minuteMs = 60_000;
const startMs = 1_760_000_040_000;

function aggregatorOf(rule: Record<string, unknown>) {
  const metrics = createSelfMetrics();
  const aggregator = new StreamAggregator(metrics);
  aggregator.setRules(AggregationConfig.parse([rule]), startMs);
  return { aggregator, metrics };
}

const series = (id: string): Labels => ({ __name__: "c", job: "web", instance: "a", id });

/** Notes the last value of each result, by its label `id`; "stale" where it has ended. */
function note(batch: MetricsBatch | undefined, last: Map<string, number | "stale">): void {
  for (const { values } of batch?.rows ?? [])
    for (const [i, value] of values.entries()) {
      const words = wordsOf(values);
      if (isAbsent(words, i)) continue;
      last.set(batch?.schema.series[i]?.["id"] ?? "", isStale(words, i) ? "stale" : value);
    }
}

test("series without samples for an hour make room, and the totals of the others go on", async () => {
  const rule = { match: "c", by: ["id"], outputs: ["total"], series_max: 3 };
  const { aggregator, metrics } = aggregatorOf(rule);
  const last = new Map<string, number | "stale">();
  let passed = 0;
  const scrape = (minute: number, ids: readonly string[]) => {
    const timestampMs = startMs + minute * minuteMs + 1_000;
    const schema = { series: ids.map(series), families: [] };
    const values = Float64Array.from(ids, () => minute + 1);
    const { batch } = aggregator.apply({ schema, rows: [{ timestampMs, values }] });
    for (const row of batch.rows) passed += row.values.length;
    note(aggregator.collect(timestampMs + minuteMs + 10_000), last);
  };
  for (let minute = 0; minute < 5; minute++) scrape(minute, ["x", "y", "z"]);
  for (let minute = 5; minute < 70; minute++) scrape(minute, ["z"]);
  expect(Object.fromEntries(last)).toEqual({ x: "stale", y: "stale", z: 69 });
  for (let minute = 70; minute < 80; minute++) scrape(minute, ["z", "v", "w"]);
  expect(passed).toBe(0);
  // New series of an instance that is known count from zero.
  expect(Object.fromEntries(last)).toEqual({ x: "stale", y: "stale", z: 79, v: 80, w: 80 });
  expect(await metrics.text()).toContain('lapwing_aggregation_groups{rule="0"} 3');
});

function increaseOf(batch: MetricsBatch | undefined): number {
  const rows = (batch?.rows ?? []).filter(({ values }) => !isStale(wordsOf(values), 0));
  return rows.reduce((sum, { values }) => sum + (values[0] ?? 0), 0);
}

test("over a restart nothing is counted twice: what is missing is what was gained between the two lives", () => {
  const rule = { match: "c", by: [], outputs: ["increase"] };
  let increases = 0;
  let counter = 1_000;
  let minute = 0;
  const live = (scrapes: number): number => {
    const { aggregator } = aggregatorOf(rule);
    const schema = { series: [series("x")], families: [] };
    const first = counter + 7;
    for (let i = 0; i < scrapes; i++) {
      const timestampMs = startMs + minute++ * minuteMs + 1_000;
      counter += 7;
      aggregator.apply({ schema, rows: [{ timestampMs, values: Float64Array.of(counter) }] });
      increases += increaseOf(aggregator.collect(timestampMs + 2_000));
    }
    increases += increaseOf(aggregator.collect(startMs + minute * minuteMs, true));
    return counter - first;
  };
  const gained = live(5) + live(1) + live(9);
  expect(increases).toBe(gained);
  expect(gained).toBe(counter - 1_000 - 3 * 7);
});
