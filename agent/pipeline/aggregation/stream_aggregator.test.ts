import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { MetricsBatch, SeriesSchema } from "#shared/model/metrics.ts";
import { isAbsent, isStale, setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { AggregationConfig } from "./config.ts";
import { StreamAggregator } from "./stream_aggregator.ts";

const minuteMs = 60_000;
const startMs = 1_760_000_040_000;

function aggregatorOf(...rules: Record<string, unknown>[]): StreamAggregator {
  const aggregator = new StreamAggregator(createSelfMetrics());
  aggregator.setRules(AggregationConfig.parse(rules), startMs);
  return aggregator;
}

type Value = number | undefined | "stale";

function rowOf(timestampMs: number, values: readonly Value[]) {
  const row = { timestampMs, values: new Float64Array(values.length) };
  const words = wordsOf(row.values);
  for (const [i, value] of values.entries())
    if (value === undefined) setAbsent(words, i);
    else if (value === "stale") setStale(words, i);
    else row.values[i] = value;
  return row;
}

/** Samples as "name{labels} = value at seconds since the start", in the order of their columns. */
function samplesOf(batch: MetricsBatch | undefined): string[] {
  const told: string[] = [];
  for (const { schema, rows } of batch === undefined ? [] : [batch, ...(batch.also ?? [])])
    for (const { timestampMs, values } of rows)
      for (const [i, value] of values.entries()) {
        if (isAbsent(wordsOf(values), i)) continue;
        const { __name__, ...rest } = schema.series[i] ?? {};
        const labels = Object.entries(rest).map(([name, text]) => `${name}=${text}`);
        const text = isStale(wordsOf(values), i) ? "stale" : value;
        const seconds = (timestampMs - startMs) / 1_000;
        told.push(`${__name__}{${labels.join()}} ${text} @${seconds}`);
      }
  return told;
}

const schemaOf = (...series: Labels[]): SeriesSchema => ({ series, families: [] });
const of = (name: string, instance: string, more: Labels = {}): Labels => ({
  __name__: name,
  job: "web",
  instance,
  ...more,
});

const resultOf = (output: string) => `load:1m_by_job_${output}{job=web`;

test("every output of a group, named as vmagent names it, on the grid of the interval", () => {
  const outputs = "sum sum_samples count_samples count_series min max avg last increase total";
  const aggregator = aggregatorOf({
    match: "load",
    by: ["job"],
    outputs: [...outputs.split(" "), "quantiles(0, 1)"],
  });
  const schema = schemaOf(of("load", "a"), of("load", "b"), of("other", "a"));
  const first = aggregator.apply({
    schema,
    rows: [rowOf(startMs + 15_000, [1, 2, 7]), rowOf(startMs + minuteMs, [5, 4, 8])],
  });
  expect(samplesOf(first.batch)).toEqual([
    "other{job=web,instance=a} 7 @15",
    "other{job=web,instance=a} 8 @60",
  ]);
  expect(first).toMatchObject({ aggregated: 4, late: 0 });
  expect(aggregator.collect(startMs + minuteMs + 9_999)).toBeUndefined();
  expect(samplesOf(aggregator.collect(startMs + minuteMs + 10_000))).toEqual([
    `${resultOf("total")}} 0 @0`,
    ...[9, 12, 4, 2, 1, 5, 3, 4, 6, 6].map(
      (value, i) => `${resultOf(outputs.split(" ")[i] ?? "")}} ${value} @60`,
    ),
    `${resultOf("quantiles")},quantile=0} 1 @60`,
    `${resultOf("quantiles")},quantile=1} 5 @60`,
  ]);
});

test("a counter's resets count from zero, its first sample only where its origin was known before", () => {
  const aggregator = aggregatorOf({
    match: "hits",
    without: ["instance", "code"],
    outputs: ["total"],
  });
  const series = [of("hits", "a", { code: "200" })];
  const schema = { series, families: [] };
  const at = (seconds: number, values: Value[]) =>
    aggregator.apply({ schema, rows: [rowOf(startMs + 1_000 * seconds, values)] });
  at(10, [1_000]);
  at(50, [1_010]);
  at(70, [4]);
  series.push(of("hits", "a", { code: "500" }));
  at(100, [5, 3]);
  series.push(of("hits", "b", { code: "500" }));
  at(110, [5, 3, 900]);
  const name = "hits:1m_without_code_instance_total{job=web}";
  expect(samplesOf(aggregator.collect(startMs + 3 * minuteMs))).toEqual([
    `${name} 0 @0`,
    `${name} 10 @60`,
    `${name} 18 @120`,
  ]);
});

test("results end with their inputs: at once after stale markers, else after the staleness interval", () => {
  const aggregator = aggregatorOf({
    match: ['{job="web"}'],
    outputs: ["sum"],
    record: "all",
    by: ["kind"],
  });
  const schema = schemaOf(of("x", "a", { kind: "p" }), of("y", "a", { kind: "q" }));
  aggregator.apply({ schema, rows: [rowOf(startMs + 1_000, [1, 2])] });
  aggregator.apply({ schema, rows: [rowOf(startMs + 2_000, ["stale", undefined])] });
  const minute = (n: number) => samplesOf(aggregator.collect(startMs + n * minuteMs + 10_000));
  expect(minute(1)).toEqual(["all{kind=p} 1 @60", "all{kind=q} 2 @60"]);
  expect(minute(2)).toEqual(["all{kind=p} stale @120"]);
  expect(minute(3)).toEqual(["all{kind=q} stale @180"]);
  expect(minute(4)).toEqual([]);
});

test("late samples are counted and in no figure, but for what a counter gained", () => {
  const aggregator = aggregatorOf({ match: "hits", outputs: ["count_samples", "increase"] });
  const schema = schemaOf(of("hits", "a"));
  const at = (seconds: number, value: number) =>
    aggregator.apply({ schema, rows: [rowOf(startMs + 1_000 * seconds, [value])] }).late;
  expect(at(10, 1)).toBe(0);
  expect(at(20, 5)).toBe(0);
  expect(at(15, 3)).toBe(1);
  aggregator.collect(startMs + minuteMs + 10_000);
  expect(at(40, 7)).toBe(1);
  expect(at(70, 8)).toBe(0);
  expect(samplesOf(aggregator.collect(startMs + 2 * minuteMs + 10_000))).toEqual([
    "hits:1m_count_samples{job=web,instance=a} 1 @120",
    "hits:1m_increase{job=web,instance=a} 3 @120",
  ]);
});

const threeGauges = (): MetricsBatch => ({
  schema: schemaOf(of("x", "a"), of("x", "b"), of("x", "c")),
  rows: [rowOf(startMs + 1_000, [1, 2, 3])],
});

test("over the bound of series samples pass as they are; kept input passes as well", () => {
  const bound = aggregatorOf({ match: "x", by: [], outputs: ["sum"], series_max: 2 });
  expect(samplesOf(bound.apply(threeGauges()).batch)).toEqual(["x{job=web,instance=c} 3 @1"]);
  expect(samplesOf(bound.collect(startMs + 2 * minuteMs))).toEqual(["x:1m_sum{} 3 @60"]);
  const kept = aggregatorOf({ match: "x", by: [], outputs: ["sum"], keep_input: true });
  expect(samplesOf(kept.apply(threeGauges()).batch)).toHaveLength(3);
  expect(samplesOf(kept.collect(startMs + 2 * minuteMs))).toEqual(["x:1m_sum{} 6 @60"]);
});

test("histogram observes the samples, cumulatively", () => {
  const aggregator = aggregatorOf({ match: "t", by: ["job"], outputs: ["histogram"] });
  const schema = schemaOf(of("t", "a"), of("t", "b"));
  for (const minute of [0, 1]) {
    aggregator.apply({ schema, rows: [rowOf(startMs + minute * minuteMs + 1_000, [1, 4])] });
    const made = aggregator.collect(startMs + (minute + 1) * minuteMs + 10_000)?.histograms;
    expect(made?.histograms[0]).toMatchObject({ count: 2 * (minute + 1), sum: 5 * (minute + 1) });
  }
});

test("a rule that is gone writes what it has and ends its results; a reload with the same text keeps them", () => {
  const rule = { match: "x", by: [], outputs: ["total"] };
  const aggregator = aggregatorOf(rule);
  const schema = schemaOf(of("x", "a"));
  aggregator.apply({ schema, rows: [rowOf(startMs + 1_000, [1]), rowOf(startMs + 9_000, [4])] });
  aggregator.setRules(AggregationConfig.parse([{ ...rule }]), startMs + 10_000);
  aggregator.setRules([], startMs + 20_000);
  expect(
    samplesOf(aggregator.collect(startMs + 20_000)).map((text) => text.split("} ")[1]),
  ).toEqual(["0 @-40", "3 @20", "stale @20.001"]);
  expect(aggregator.isEmpty).toBe(true);
});

test.each([
  [{ match: "a b", outputs: ["sum"] }, "expected a selector of series"],
  [{ match: "a b", outputs: ["sum"] }, "(1:3: parse error: unexpected identifier"],
  [{ match: "{}", outputs: ["sum"] }, "expected a selector of series"],
  [{ match: '{a=~"("}', outputs: ["sum"] }, "("],
  [{ match: "x", outputs: ["median"] }, "expected one of sum"],
  [{ match: "x", outputs: ["sum", "max"], record: "y" }, "one result"],
  [{ match: "x", outputs: ["sum"], by: ["a"], without: ["b"] }, "not both"],
  [{ match: "x", outputs: ["quantiles(2)"] }, "expected one of sum"],
])("a rule that makes no sense is refused: %j", (rule, message) => {
  const parsed = AggregationConfig.safeParse([rule]);
  expect(parsed.error?.issues.map((issue) => issue.message).join()).toContain(message);
});

test("the totals of all groups are what the inputs gained, through resets, missing samples and schemas anew", () => {
  const step = fc.record({
    gains: fc.array(fc.nat(20), { minLength: 4, maxLength: 4 }),
    missing: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    restart: fc.boolean(),
    renew: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const aggregator = aggregatorOf({
        match: "c",
        by: ["parity"],
        outputs: ["total", "increase"],
      });
      const series = [0, 1, 2, 3].map((i) => of("c", "a", { id: `${i}`, parity: `${i % 2}` }));
      let schema = schemaOf(...series);
      const counters = [0, 0, 0, 0];
      // What a reader of the samples can know: the gains between those that it has seen.
      const seen: (number | undefined)[] = [];
      let known = 0;
      const totals = new Map<string, number>();
      let increases = 0;
      let [given, aggregated] = [0, 0];
      const read = (batch: MetricsBatch | undefined) => {
        for (const { timestampMs: _, values } of batch?.rows ?? [])
          for (const [i, value] of values.entries()) {
            if (isAbsent(wordsOf(values), i) || isStale(wordsOf(values), i)) continue;
            const labels = batch?.schema.series[i] ?? {};
            if (labels["__name__"]?.endsWith("_total") === true)
              totals.set(labelsKey(labels), value);
            else increases += value;
          }
      };
      let nowMs = startMs + 1_000;
      // The first sample of all is there.
      for (const [n, { gains, missing, restart, renew }] of steps.entries()) {
        if (restart) counters.fill(0);
        for (const [i, gain] of gains.entries()) counters[i] = (counters[i] ?? 0) + gain;
        if (renew) schema = schemaOf(...series);
        const values = counters.map((value, i) =>
          missing[i] === true && n > 0 ? undefined : value,
        );
        for (const [i, value] of values.entries()) {
          if (value === undefined) continue;
          const before = seen[i];
          if (before !== undefined) known += value >= before ? value - before : value;
          seen[i] = value;
          given++;
        }
        aggregated += aggregator.apply({ schema, rows: [rowOf(nowMs, values)] }).aggregated;
        nowMs += 15_000;
        read(aggregator.collect(nowMs));
      }
      read(aggregator.collect(nowMs, true));
      expect(aggregated).toBe(given);
      expect(increases).toBe(known);
      expect([...totals.values()].reduce((sum, value) => sum + value, 0)).toBe(known);
    }),
    { numRuns: 100 },
  );
});
