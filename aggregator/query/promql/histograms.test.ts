import { describe, expect, test } from "bun:test";
import {
  type CounterResetHint,
  customSchema,
  denseBuckets,
  emptyHistogram,
  type Histogram,
} from "#shared/model/histogram.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { PromqlConfig, createPromqlEngine } from "./engine.ts";
import { queryDataJson } from "./json.ts";

const tenant = "default";

function histogramOf(counts: readonly number[], hint: CounterResetHint = "unknown"): Histogram {
  const count = counts.reduce((a, b) => a + b, 0);
  const positive = denseBuckets(0, counts);
  return { ...emptyHistogram, count, sum: 2 * count, positive, counterResetHint: hint };
}

function customOf(customValues: readonly number[], counts: readonly number[]): Histogram {
  return { ...histogramOf(counts), schema: customSchema, customValues };
}

/** Counters of one job, a mix of samples, custom buckets: every minute from 0. */
function engineOfHistograms() {
  const metrics = new MemoryMetrics();
  for (let i = 0; i <= 10; i++) {
    const timeMs = i * 60_000;
    metrics.add({ __name__: "h", n: "1" }, timeMs, histogramOf([i, 2 * i]));
    metrics.add({ __name__: "h", n: "2" }, timeMs, histogramOf([i % 5, 1]));
    metrics.add({ __name__: "mixed" }, timeMs, i % 2 === 0 ? i : histogramOf([i]));
    metrics.add({ __name__: "custom" }, timeMs, customOf([1, 2], [i, i, i]));
    metrics.add({ __name__: "f_total" }, timeMs, i);
  }
  metrics.add({ __name__: "gone" }, 0, histogramOf([1]));
  metrics.add({ __name__: "gone" }, 60_000, "stale");
  return createPromqlEngine(metrics, PromqlConfig.parse({}));
}

async function instant(query: string, timeMs = 600_000) {
  const { data, warnings, infos } = await engineOfHistograms().instant(query, { tenant, timeMs });
  return {
    json: JSON.parse([...queryDataJson(data)].join("")).result,
    notes: [...warnings, ...infos],
  };
}

async function valueOf(query: string): Promise<unknown> {
  return (await instant(query)).json[0]?.value?.[1];
}

describe("answers in JSON", () => {
  test("a vector's sample is a value or a histogram, empty buckets left out", async () => {
    const { json } = await instant('h{n="2"}');
    expect(json).toEqual([
      {
        metric: { __name__: "h", n: "2" },
        histogram: [600, { count: "1", sum: "2", buckets: [[0, "1", "2", "1"]] }],
      },
    ]);
  });
  test("zero and negative buckets have rules of their own", () => {
    const histogram = {
      ...emptyHistogram,
      count: 3.5,
      sum: -0.25,
      zeroCount: 1,
      zeroThreshold: 0.001,
      positive: denseBuckets(1, [1]),
      negative: denseBuckets(0, [1, 0.5]),
    };
    const series = [{ labels: {}, value: 0, histogram }];
    expect([...queryDataJson({ resultType: "vector", timeMs: 1_500, series })].join("")).toBe(
      '{"resultType":"vector","result":[{"metric":{},"histogram":[1.500,{"count":"3.5","sum":"-0.25",' +
        '"buckets":[[1,"-2","-1","0.5"],[1,"-1","-0.5","1"],[3,"-0.001","0.001","1"],[0,"1","2","1"]]}]}]}',
    );
  });
  test("custom buckets begin and end at infinity, and no buckets are no list", async () => {
    const { json } = await instant("custom", 60_000);
    expect(json[0].histogram[1].buckets).toEqual([
      [0, "-Inf", "1", "1"],
      [0, "1", "2", "1"],
      [0, "2", "+Inf", "1"],
    ]);
    expect((await instant("custom * 0")).json[0].histogram[1]).toEqual({ count: "0", sum: "0" });
  });
  test("a matrix keeps numbers and histograms apart, each time in one of the lists", async () => {
    const { json } = await instant("mixed[3m]");
    const buckets = [[0, "0.5", "1", "9"]];
    expect(json).toEqual([
      {
        metric: { __name__: "mixed" },
        values: [
          [480, "8"],
          [600, "10"],
        ],
        histograms: [[540, { count: "9", sum: "18", buckets }]],
      },
    ]);
    const engine = engineOfHistograms();
    const bounds = { tenant, startMs: 0, endMs: 60_000, stepMs: 60_000 };
    const { data } = await engine.range('h{n="2"}', bounds);
    expect(JSON.parse([...queryDataJson(data)].join("")).result[0]).not.toHaveProperty("values");
  });
});

describe("evaluation", () => {
  test("a stale marker ends a series of histograms, and range selectors drop it", async () => {
    expect((await instant("gone", 59_999)).json).toHaveLength(1);
    expect((await instant("gone", 60_000)).json).toEqual([]);
    expect((await instant("count_over_time(gone[5m])", 60_000)).json[0].value[1]).toBe("1");
  });
  test("a range query gives at each step what an instant query gives there", async () => {
    const engine = engineOfHistograms();
    const queries = [
      "h",
      "mixed",
      "sum(h)",
      "avg(h offset 90s)",
      "rate(h[3m])",
      "h - h offset 1m",
      "histogram_quantile(0.9, h)",
      "last_over_time(mixed[2m:30s])",
      'h{n="1"} == ignoring(n) h{n="1"}',
    ];
    for (const query of queries) {
      const bounds = { tenant, startMs: 30_000, endMs: 500_000, stepMs: 47_000 };
      const { data } = await engine.range(query, bounds);
      const matrix = JSON.parse([...queryDataJson(data)].join("")).result;
      for (let timeMs = bounds.startMs; timeMs <= bounds.endMs; timeMs += bounds.stepMs) {
        const { data: vector } = await engine.instant(query, { tenant, timeMs });
        const points = JSON.parse([...queryDataJson(vector)].join("")).result.length;
        let found = 0;
        for (const one of JSON.parse([...queryDataJson(vector)].join("")).result) {
          const same = matrix.find(({ metric }: { metric: object }) =>
            Bun.deepEquals(metric, one.metric),
          );
          const list = one.histogram === undefined ? same.values : same.histograms;
          expect(list).toContainEqual(one.histogram ?? one.value);
          found++;
        }
        expect(found).toBe(points);
      }
    }
  });
  test("increase() over a reset counts what came after it, and extrapolates by the count", async () => {
    // 8, 9, 10 minutes: 3, 4, 0 of the first bucket, so it grew by 1 + 0.
    const { json, notes } = await instant('increase(h{n="2"}[3m])');
    expect(notes).toEqual([]);
    const [, { count, buckets }] = json[0].histogram;
    expect(Number(count)).toBeCloseTo(2 * 1.5, 9);
    expect(buckets.map(([, , , n]: string[]) => Number(n))).toEqual([1.5, 1.5]);
  });
  test("histograms weigh by their buckets on the limit of samples", async () => {
    const metrics = new MemoryMetrics();
    metrics.add({ __name__: "h" }, 0, histogramOf(Array.from({ length: 160 }, () => 1)));
    const limited = (samples_max: number) =>
      createPromqlEngine(metrics, { ...PromqlConfig.parse({}), samples_max });
    expect(limited(100).instant("h", { tenant, timeMs: 0 })).rejects.toThrow("too many samples");
    expect((await limited(300).instant("h", { tenant, timeMs: 0 })).data.resultType).toBe("vector");
  });
  test("what an evaluation makes counts too", async () => {
    const metrics = new MemoryMetrics();
    metrics.add({ __name__: "h" }, 0, histogramOf(Array.from({ length: 160 }, () => 1)));
    const config = { ...PromqlConfig.parse({}), samples_max: 2_000 };
    const engine = createPromqlEngine(metrics, config);
    const bounds = { tenant, startMs: 0, endMs: 9_000, stepMs: 1_000 };
    for (const query of ["h * 2", "h + h", "sum(h)", "-sum_over_time(h[1m])"])
      expect(engine.range(query, bounds)).rejects.toThrow("too many samples");
    expect((await engine.range("histogram_sum(h)", bounds)).data.resultType).toBe("matrix");
  });
  test("functions of numbers leave histograms out", async () => {
    expect((await instant("abs(h)")).json).toEqual([]);
    expect((await instant('{__name__=~"h|f_total"} > 5')).json).toHaveLength(1);
    expect(await valueOf('scalar({__name__=~"h|f_total"}) + vector(0)')).toBe("10");
    expect((await instant("sort(h)")).json).toEqual([]);
  });
  test("functions that don't look at values take both", async () => {
    expect(await valueOf("count(h)")).toBe("2");
    expect(await valueOf("group(h)")).toBe("1");
    expect(await valueOf("timestamp(mixed)")).toBe("600");
    expect(await valueOf("timestamp(-h{n='1'})")).toBe("600");
    expect(await valueOf("ts_of_last_over_time(h[5m])")).toBe("600");
    expect((await instant('label_replace(h, "m", "$1", "n", "(.)")')).json[0]).toHaveProperty(
      "histogram",
    );
  });
  test("count_values() names a histogram by its text", async () => {
    const { json } = await instant('count_values("is", h{n="2"})');
    expect(json[0].metric).toEqual({ is: "{count:1, sum:2, (1,2]:1}" });
  });
  test("a fill value meets a histogram like any number", async () => {
    const { json } = await instant('h{n="1"} * on (n) fill_right(2) f_total');
    expect(json[0].histogram[1].count).toBe("60");
  });
  test("cuts need a histogram: scalars fail, numbers are left out", async () => {
    expect(instant("1 </ 2")).rejects.toThrow('operator "</" not allowed for Scalar operations');
    const { json, notes } = await instant("f_total >/ 2");
    expect(json).toEqual([]);
    expect(notes).toEqual([
      'PromQL info: incompatible sample types encountered for binary operator ">/": float >/ float (1:1)',
    ]);
  });
});

describe("notes", () => {
  const told = [
    [
      "sum({__name__=~'h|f_total'})",
      "encountered a mix of histograms and floats for aggregation (1:5)",
    ],
    ["max(h)", "ignored histogram in max aggregation (1:5)"],
    ["topk(1, h)", "ignored histogram in topk aggregation (1:1)"],
    [
      "sum({__name__=~'h|custom'})",
      'vector contains a mix of histograms with exponential and custom buckets schemas for metric name "custom" (1:5)',
    ],
    [
      "h + on () group_left custom",
      "vector contains a mix of histograms with exponential and custom buckets schemas (1:1)",
    ],
    [
      "min_over_time(mixed[5m])",
      'ignored histograms in a range containing both floats and histograms for metric name "mixed" (1:15)',
    ],
    [
      "deriv(mixed[2m])",
      'ignored histograms in a range containing both floats and histograms for metric name "mixed" (1:7)',
    ],
    ["rate(mixed[5m])", 'encountered a mix of histograms and floats for metric name "mixed" (1:6)'],
    ["delta(custom[5m])", 'this native histogram metric is not a gauge: "custom" (1:7)'],
    [
      "h ^ 2",
      'incompatible sample types encountered for binary operator "^": histogram ^ float (1:1)',
    ],
    [
      "1 - h",
      'incompatible sample types encountered for binary operator "-": float - histogram (1:1)',
    ],
    ["histogram_count(sum(h))", "conflicting counter resets during histogram aggregation (1:21)"],
    [
      "histogram_count(h{n='1'} + on () h{n='2'})",
      "conflicting counter resets during histogram addition (1:17)",
    ],
  ] as const;
  for (const [query, text] of told) {
    test(query, async () => {
      const { notes } = await instant(query);
      expect(notes.map((note) => note.replace(/^PromQL (?:info|warning): /, ""))).toEqual([text]);
    });
  }
  test("nothing is told of queries that fit", async () => {
    for (const query of ["sum(h)", "rate(h[5m])", "h * 2", "h == h", "min_over_time(h[5m])"])
      expect((await instant(query)).notes).toEqual([]);
  });
});

test("info metrics are numbers", async () => {
  const metrics = new MemoryMetrics();
  const identity = { instance: "a", job: "b" };
  metrics.add({ __name__: "x", ...identity }, 0, 1);
  metrics.add({ __name__: "target_info", ...identity, d: "e" }, 0, histogramOf([1]));
  metrics.add({ __name__: "build_info", ...identity, v: "1" }, 0, 1);
  const engine = createPromqlEngine(metrics, PromqlConfig.parse({}));
  const at = { tenant, timeMs: 0 };
  expect(engine.instant("info(x)", at)).rejects.toThrow("info sample should be float");
  const { data } = await engine.instant('info(x, {__name__="build_info"})', at);
  expect(data).toMatchObject({ series: [{ labels: { __name__: "x", ...identity, v: "1" } }] });
});
