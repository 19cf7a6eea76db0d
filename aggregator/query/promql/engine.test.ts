import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { systemClock } from "#shared/runtime/clock.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { createPromqlEngine, PromqlConfig } from "./engine.ts";
import type { PromqlError } from "#shared/query_language/promql/errors.ts";
import { formatPlain, formatSample, formatShort } from "#shared/text/go_float_text.ts";
import { queryDataJson } from "./json.ts";

const tenant = "default";

function engineOver(fill: (metrics: MemoryMetrics) => void, config: Partial<PromqlConfig> = {}) {
  const metrics = new MemoryMetrics();
  fill(metrics);
  const engine = createPromqlEngine(metrics, { ...PromqlConfig.parse({}), ...config });
  const failure = async (
    query: string,
    options = {},
  ): Promise<Pick<PromqlError, "errorType" | "message">> => {
    const result = engine.instant(query, { tenant, timeMs: 60_000, ...options });
    const { errorType, message } = await result.then(
      () => ({ errorType: "none", message: "" }) as const,
      (error: PromqlError) => error,
    );
    return errorType === "none"
      ? { errorType: "internal", message: "answered" }
      : { errorType, message };
  };
  return { metrics, engine, failure };
}

function twoSeries(metrics: MemoryMetrics): void {
  for (let i = 0; i <= 60; i++) {
    metrics.add({ __name__: "a_total", n: "1" }, i * 1_000, i);
    metrics.add({ __name__: "a_total", n: "2" }, i * 1_000, 2 * i);
  }
}

describe("limits", () => {
  test("more samples than samples_max are an execution error", async () => {
    const { failure } = engineOver(twoSeries, { samples_max: 100 });
    expect(await failure("sum(a_total[10s])")).toMatchObject({ errorType: "bad_data" });
    expect(await failure("sum(rate(a_total[60s]))")).toEqual({
      errorType: "execution",
      message: "query processing would load too many samples into memory in query execution",
    });
  });
  test("more series than series_max are an execution error", async () => {
    const { failure } = engineOver(twoSeries, { series_max: 1 });
    expect(await failure("a_total")).toEqual({
      errorType: "execution",
      message: "query reads 2 series, at most 1 are allowed (query.promql.series_max)",
    });
  });
  test("a query whose client has gone is cancelled", async () => {
    const { failure } = engineOver(twoSeries);
    expect((await failure("a_total", { signal: AbortSignal.abort() })).errorType).toBe("canceled");
  });
  test("a query past its deadline stops in the middle of evaluation", async () => {
    const metrics = new MemoryMetrics();
    twoSeries(metrics);
    let now = 0;
    const clock = { ...systemClock, monotonic: () => (now += 1_000) };
    const engine = createPromqlEngine(metrics, PromqlConfig.parse({ timeout: "3s" }), clock);
    expect(engine.instant("a_total + a_total", { tenant, timeMs: 0 })).rejects.toThrow(
      "query timed out in expression evaluation",
    );
  });
  test("a subquery of too many steps is refused before it is evaluated", async () => {
    const { failure } = engineOver(twoSeries);
    expect((await failure("sum_over_time(a_total[1y:1s])")).message).toContain(
      "at most 1000000 are evaluated",
    );
  });
});

test("a selector that stands twice is fetched once", async () => {
  const { metrics, engine } = engineOver(twoSeries);
  await engine.range("a_total / a_total", { tenant, startMs: 0, endMs: 60_000, stepMs: 1_000 });
  expect(metrics.selects).toBe(1);
});

test("names are dropped at once unless removal is delayed", async () => {
  const query = 'label_replace(rate(a_total{n="1"}[1m]), "was", "$1", "__name__", "(.*)")';
  const options = { tenant, timeMs: 60_000 };
  const labelsOf = async (delayed: boolean) => {
    const { engine } = engineOver(twoSeries, { delayed_name_removal: delayed });
    const { data } = await engine.instant(query, options);
    return data.resultType === "vector" ? data.series.map(({ labels }) => labels) : [];
  };
  expect(await labelsOf(false)).toEqual([{ n: "1" }]);
  expect(await labelsOf(true)).toEqual([{ n: "1", was: "a_total" }]);
});

test("a stale marker ends a series, and an ordinary NaN does not", async () => {
  const { engine } = engineOver((metrics) => {
    metrics.add({ __name__: "gone" }, 0, 1);
    metrics.add({ __name__: "gone" }, 1_000, "stale");
    metrics.add({ __name__: "not_a_number" }, 0, Number.NaN);
  });
  const at = async (query: string): Promise<string> =>
    [...queryDataJson((await engine.instant(query, { tenant, timeMs: 2_000 })).data)].join("");
  expect(await at("gone")).toBe('{"resultType":"vector","result":[]}');
  expect(await at("not_a_number")).toBe(
    '{"resultType":"vector","result":[{"metric":{"__name__":"not_a_number"},"value":[2,"NaN"]}]}',
  );
});

test("a range query gives at each step what an instant query gives there", async () => {
  const { engine } = engineOver(twoSeries);
  const queries = [
    "rate(a_total[10s])",
    "sum(a_total) by (n)",
    "a_total offset 7s",
    "max_over_time(a_total[10s:3s])",
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...queries),
      fc.integer({ min: 0, max: 40 }),
      async (query, start) => {
        const startMs = start * 1_000;
        const { data } = await engine.range(query, {
          tenant,
          startMs,
          endMs: startMs + 5_000,
          stepMs: 1_700,
        });
        for (let timeMs = startMs; timeMs <= startMs + 5_000; timeMs += 1_700) {
          const instant = await engine.instant(query, { tenant, timeMs });
          const column =
            data.resultType === "matrix"
              ? data.series.flatMap(({ labels, timestampsMs, values }) => {
                  const value = values[timestampsMs.indexOf(timeMs)];
                  return value === undefined ? [] : [{ labels, value }];
                })
              : [];
          expect(instant.data).toEqual({ resultType: "vector", timeMs, series: column });
        }
      },
    ),
    { numRuns: 40 },
  );
});

describe("numbers as Go writes them", () => {
  const cases = [
    [0, "0", "0", "0"],
    [-0, "-0", "-0", "-0"],
    [1234567, "1234567", "1.234567e+06", "1234567"],
    [1e-7, "1e-07", "1e-07", "0.0000001"],
    [0.00001, "0.00001", "1e-05", "0.00001"],
    [-1.5e-9, "-1.5e-09", "-1.5e-09", "-0.0000000015"],
    [
      123456789012345680000,
      "123456789012345680000",
      "1.2345678901234568e+20",
      "123456789012345680000",
    ],
    [1e21, "1e+21", "1e+21", "1000000000000000000000"],
    [Infinity, "+Inf", "+Inf", "+Inf"],
    [-Infinity, "-Inf", "-Inf", "-Inf"],
    [Number.NaN, "NaN", "NaN", "NaN"],
    [0.1 + 0.2, "0.30000000000000004", "0.30000000000000004", "0.30000000000000004"],
  ] as const;
  for (const [value, sample, short, plain] of cases) {
    test(sample, () => {
      expect(formatSample(value)).toBe(sample);
      expect(formatShort(value)).toBe(short);
      expect(formatPlain(value)).toBe(plain);
    });
  }
  test("every double reads back as itself", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        for (const text of [formatSample(value), formatShort(value), formatPlain(value)]) {
          expect(Number(text.replace("Inf", "Infinity"))).toBe(value);
        }
      }),
    );
  });
});

describe("computed durations that are none are told of with the bytes of the computation", () => {
  const faults = [
    ["a_total[5m - 5m]", "8:15: duration must be greater than 0"],
    ["rate(a_total[(0)])", "13:15: duration must be greater than 0"],
    ["rate(a_total[-(1m)])", "13:17: duration must be greater than 0"],
    ["rate(a_total[step()])", "13:19: duration must be greater than 0"],
    ["a_total offset (1m / (0s))", "16:24: division by zero"],
    ['a_total{n="é"} offset (5m % step())', "24:35: modulo by zero"],
    ["a_total[(1 + 1) / step():1m]", "9:24: division by zero"],
    ["a_total[2m:min_of(1s, 0s)]", "18:24: duration must be greater than 0"],
    ["a_total offset (10 ^ 10)", "16:23: duration is out of range"],
    ["a_total offset (10 ^ 400)", "16:24: duration is NaN or infinite"],
  ] as const;
  for (const [query, message] of faults) {
    test(query, async () => {
      const { failure } = engineOver(twoSeries);
      expect(await failure(query)).toEqual({ errorType: "bad_data", message });
    });
  }
});

function duplicates(metrics: MemoryMetrics): void {
  for (const n of ["1", "2"])
    for (const timeMs of [60_000, 120_000])
      metrics.add({ __name__: "one", job: "a", n }, timeMs, 1);
  metrics.add({ __name__: "many", job: "a" }, 120_000, 1);
  metrics.add({ __name__: "other", job: "b" }, 60_000, 1);
}

test("a label name that is no text is shown as it is written", async () => {
  const { failure } = engineOver(twoSeries);
  for (const [label, shown] of [
    ['"a\\xc5z"', '"a\\xc5z"'],
    ['("a\\xc5z")', '"a\\xc5z"'],
    ['""', '""'],
    ["''", '""'],
  ])
    expect((await failure(`count_values(${label}, a_total)`)).message).toBe(
      `invalid label name ${shown}`,
    );
});

describe("an empty side of an operator", () => {
  test("matches nothing, so that duplicates on the other side are no error", async () => {
    const { engine } = engineOver(duplicates);
    for (const query of [
      "none + on(job) one",
      "one * on(job) none",
      "one - on(job) group_right none",
      "many == on(job) one",
    ]) {
      const { data } = await engine.instant(query, { tenant, timeMs: 60_000 });
      expect([query, data]).toEqual([query, { resultType: "vector", timeMs: 60_000, series: [] }]);
    }
  });
  test("is looked at step by step, and as a whole", async () => {
    const { engine, failure } = engineOver(duplicates);
    const found = 'found duplicate series for the match group {job="a"} on the right hand-side';
    expect((await failure("other + on(job) one")).message).toContain(found);
    expect((await failure("one + on(job) group_right other")).message).toContain("left hand-side");
    const times = { tenant, startMs: 0, endMs: 60_000, stepMs: 30_000 };
    const { data } = await engine.range("many + on(job) one", times);
    expect(data).toMatchObject({ resultType: "matrix", series: [] });
    expect((await failure("one + on(job) one", { timeMs: 120_000 })).message).toContain(found);
  });
});
