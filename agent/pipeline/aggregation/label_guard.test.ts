import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricsBatch, MetricFamily } from "#shared/model/metrics.ts";
import { isAbsent, isStale, wordsOf } from "#shared/model/special_values.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { CardinalityConfig, LabelGuard } from "./label_guard.ts";

const startMs = 1_760_000_040_000;

function guardOf(config: Record<string, unknown>) {
  const time = { nowMs: startMs };
  const said: string[] = [];
  const log = createLogger("info", (line) => void said.push(line));
  const metrics = createSelfMetrics();
  const guard = new LabelGuard({ clock: { now: () => time.nowMs }, log, metrics });
  guard.configure(CardinalityConfig.parse(config));
  return { guard, time, said, metrics };
}

const hit = (user: string): Labels => ({ __name__: "hits_total", job: "web", instance: "a", user });
const counters: MetricFamily[] = [{ name: "hits_total", type: "counter", help: "", unit: "" }];

/** The last value of each series, by its label `user`. */
function lastOf(batch: MetricsBatch | undefined, last: Map<string, number>): void {
  for (const part of batch === undefined ? [] : [batch, ...(batch.also ?? [])])
    for (const { values } of part.rows)
      for (const [i, value] of values.entries())
        if (!isAbsent(wordsOf(values), i) && !isStale(wordsOf(values), i))
          last.set(part.schema.series[i]?.["user"] ?? "", value);
}

test("values over the limit are added up without their label, known ones go on, and the label is named", async () => {
  const { guard, time, said, metrics } = guardOf({ label_values_max: 2 });
  const series = ["u0", "u1"].map(hit);
  const schema = { series, families: counters };
  const scrape = (values: number[]) => {
    time.nowMs += 61_000;
    const rows = [{ timestampMs: time.nowMs, values: Float64Array.from(values) }];
    return guard.apply({ schema, rows });
  };
  expect(scrape([10, 20])).toMatchObject({ aggregated: 0 });
  series.push(hit("u2"), hit("u3"));
  const { batch, aggregated } = scrape([11, 21, 5, 7]);
  expect(aggregated).toBe(2);
  expect(batch.schema.series).toEqual(["u0", "u1"].map(hit));
  time.nowMs += 120_000;
  const results = guard.aggregator.collect(time.nowMs);
  expect(results?.schema.series).toEqual([{ __name__: "hits_total", job: "web", instance: "a" }]);
  expect(results?.rows.map(({ values }) => values[0])).toEqual([0, 12]);
  expect(guard.reports()).toMatchObject([
    {
      scope: "label",
      name: "hits_total user",
      limit: 2,
      active: 2,
      refusedSeries: 2,
      fastest: { metric: "hits_total", label: "user", distinctValues: 4 },
    },
  ]);
  expect(said).toHaveLength(1);
  expect(said[0]).toContain('"label":"user"');
  expect(await metrics.text()).toContain(
    'lapwing_cardinality_merged_values{metric="hits_total",label="user"} 2',
  );
});

const open = (id: string): Labels => ({ __name__: "open", job: "web", instance: "a", id });

test("gauges are summed by their last values; other metrics and labels of the target are left alone", () => {
  const { guard } = guardOf({ metrics: { open: 1 } });
  const series = [open("0"), open("1"), open("2"), hit("u0"), hit("u1")];
  const rows = [{ timestampMs: startMs + 1_000, values: Float64Array.of(1, 2, 3, 4, 5) }];
  const { batch } = guard.apply({ schema: { series, families: [] }, rows });
  expect([...(batch.rows[0]?.values ?? [])]).toEqual([1, 4, 5]);
  const results = guard.aggregator.collect(startMs + 120_000);
  expect(results?.rows.map(({ values }) => values[0])).toEqual([5]);
});

test("what a metric gained in all is the same with the guard, whatever values come", () => {
  const scrape = fc.array(fc.record({ user: fc.nat(12), gain: fc.nat(9) }), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(scrape, { maxLength: 20 }), (scrapes) => {
      const { guard, time } = guardOf({ label_values_max: 4 });
      const series = [hit("first")];
      const schema = { series, families: counters };
      const values = [0];
      const last = new Map<string, number>();
      let gained = 0;
      for (const hits of [[], ...scrapes]) {
        time.nowMs += 61_000;
        for (const { user, gain } of hits) {
          let at = series.findIndex((labels) => labels["user"] === `u${user}`);
          if (at < 0) {
            at = series.push(hit(`u${user}`)) - 1;
            values.push(0);
          }
          values[at] = (values[at] ?? 0) + gain;
          gained += gain;
        }
        const rows = [{ timestampMs: time.nowMs, values: Float64Array.from(values) }];
        lastOf(guard.apply({ schema, rows }).batch, last);
        lastOf(guard.aggregator.collect(time.nowMs), last);
      }
      lastOf(guard.aggregator.collect(time.nowMs, true), last);
      expect([...last.values()].reduce((sum, value) => sum + value, 0)).toBe(gained);
      expect(last.size).toBeLessThanOrEqual(5);
    }),
    { numRuns: 100 },
  );
});
