import { expect, test } from "bun:test";
import { evaluate } from "#agent/local_rules/evaluate.ts";
import { parseExpression } from "#agent/local_rules/parse.ts";
import { SeriesStore } from "#agent/local_rules/series_store.ts";
import { PromqlConfig, createPromqlEngine } from "#aggregator/query/promql/engine.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import { setStale, wordsOf } from "#shared/model/special_values.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { seededRandom } from "#test/support/random_promql.ts";

/** A failure names it. */
const seed = Number(process.env["LAPWING_SEED"] ?? 20_261_122);
const endMs = 1_800_000;

/** Counters with resets and gauges, some with gaps, some that end, at 15 s and 7 s, to both sides. */
function twoSides(random: () => number) {
  const metrics = new MemoryMetrics();
  const engine = createPromqlEngine(metrics, PromqlConfig.parse({}));
  const store = new SeriesStore();
  const series: Labels[] = [];
  for (const name of ["requests_total", "size", "limit"])
    for (const device of ["a", "b", "c"])
      for (const mode of ["x", "y"]) series.push({ __name__: name, device, mode, job: "test" });
  series.push({ __name__: "only", device: "a" });
  const values = series.map(() => Math.floor(random() * 100));
  const gapOf = series.map(() => random() * 0.4);
  const endOf = series.map(() => (random() < 0.3 ? random() * endMs : Infinity));
  return {
    store,
    engine,
    load: () => {
      for (const [i, labels] of series.entries()) {
        const schema = { series: [labels], families: [] };
        const stepMs = i % 3 === 0 ? 7_000 : 15_000;
        for (let ms = 1_000 + 100 * i; ms <= endMs; ms += stepMs) {
          const isEnd = ms > (endOf[i] ?? 0);
          if (!isEnd && random() < (gapOf[i] ?? 0)) continue;
          values[i] = nextValue(labels["__name__"] ?? "", values[i] ?? 0, random);
          metrics.add(labels, ms, isEnd ? "stale" : (values[i] ?? 0));
          const row = { timestampMs: ms, values: Float64Array.of(values[i] ?? 0) };
          if (isEnd) setStale(wordsOf(row.values), 0);
          store.add({ schema, rows: [row] });
          if (isEnd) break;
        }
      }
    },
  };
}

function nextValue(name: string, value: number, random: () => number): number {
  if (name !== "requests_total") return Math.round(random() * 1_000) / 10;
  return random() < 0.02 ? 0 : value + Math.floor(random() * 10);
}

const expressions = [
  "size > 50",
  "size{device=~'a|b', mode!='x'} <= 50.5",
  "requests_total == 0 or size != 3",
  ...["rate", "increase", "delta", "changes"].flatMap((name) =>
    ["30s", "1m", "5m", "1h"].map((range) => `${name}(requests_total[${range}]) > -1`),
  ),
  ...["avg", "min", "max", "sum", "count"].map((name) => `${name}_over_time(size[2m]) > 0`),
  "predict_linear(size[10m], 4 * 60) < 1e9",
  ...["sum", "avg", "min", "max", "count"].flatMap((name) => [
    `${name}(size) > 0`,
    `${name} by (device) (size) > 0`,
    `${name} without (mode, job) (rate(requests_total[1m])) >= 0`,
  ]),
  "100 * size / limit > 50",
  "size - ignoring (mode) sum without (mode) (limit) < 0",
  "sum by (device) (size) / on (device) only > 0",
  "size > on (device, mode) limit",
  "size > bool limit",
  "size and on (device) only",
  "size unless ignoring (mode, job) only",
  "only or size",
  "-abs(floor(size / 7)) % 5 < 0",
  "ceil(size) == 50 - -1 * 3",
  "1 - size / 100 < 0.5",
  'absent(nothing{a="b", c!="d", e="f", e="f"})',
  "absent(size) or size > 90",
  "time() - size > 100",
  "50 < size",
];

test("an agent evaluates the PromQL that it knows as the aggregator does", async () => {
  const { store, engine, load } = twoSides(seededRandom(seed));
  const parsed = expressions.map((text) => ({ text, expression: parseExpression(text) }));
  store.watch(parsed.map(({ expression }) => expression));
  load();
  let samples = 0;
  for (const { text, expression } of parsed)
    for (const timeMs of [endMs, endMs + 20_000, endMs + 290_000]) {
      const { data } = await engine.instant(text, { tenant: "test", timeMs });
      const there = data.resultType === "vector" ? data.series.map(asShown) : ["no vector"];
      const here = evaluate(expression, store, timeMs).map(asShown);
      expect({ seed, text, timeMs, answer: here.toSorted() }).toEqual({
        seed,
        text,
        timeMs,
        answer: there.toSorted(),
      });
      samples += here.length;
    }
  expect(samples).toBeGreaterThan(100);
});

/** Nine digits: sums may be added up in another order. */
function asShown({ labels, value }: { readonly labels: Labels; readonly value: unknown }): string {
  const { __name__: _, ...rest } = labels;
  return `${labelsKey(rest)} ${Number(Number(value).toPrecision(9))}`;
}
