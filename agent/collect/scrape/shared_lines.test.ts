import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import { isAbsent, wordsOf } from "#shared/model/special_values.ts";
import { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { GlobalConfig, ScrapeConfigs } from "./config.ts";
import { resolveJob } from "./job.ts";
import type { ExpositionFormat } from "./scrape_request.ts";
import { SharedLines } from "./shared_lines.ts";
import { TargetSeries } from "./target_series.ts";

const [config] = ScrapeConfigs.parse([{ job_name: "j" }]);
if (config === undefined) throw new Error("no job");
const job = resolveJob(GlobalConfig.parse({}), config);
const targetOf = (instance: string, shared: SharedLines) =>
  new TargetSeries({ job: "j", instance }, job, [], () => {}, shared);

/** What a scrape gives, for people to compare: series with their words, families, or the mistake. */
function scrape(series: TargetSeries, body: string, ms: number, format: ExpositionFormat) {
  const samples = new SampleColumns();
  let told: unknown;
  try {
    series.parse(Buffer.from(body), format, samples);
    told = series.append(samples, ms);
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    told = [thrown.message, series.countParsed(samples)];
    series.fail();
  }
  return [told, shown(series.take(ms, [1, 0, 0, 0, 0]))];
}

function shown({ schema, rows }: MetricsBatch) {
  const [row] = rows;
  if (row === undefined) return [];
  const words = wordsOf(row.values);
  const values = schema.series.flatMap((labels, i) =>
    isAbsent(words, i) ? [] : [[labels, words[2 * i], words[2 * i + 1]]],
  );
  // Told again by a target that goes its own way; the last of a name stands.
  return [values, new Map(schema.families.map(({ name, type }) => [name, type]))];
}

test("targets with the same lines use one index, and one that changes goes its own way", () => {
  const shared = new SharedLines();
  const [a, b, c] = [targetOf("a", shared), targetOf("b", shared), targetOf("c", shared)];
  for (const target of [a, b, c])
    scrape(target, '# TYPE x gauge\nx{p="1"} 1\n', 1_000, "prometheus");
  expect(a.index).toBe(b.index);
  expect(a.index).toBe(c.index);
  scrape(b, '# TYPE x gauge\nx{p="1"} 1\nx{p="2"} 2\n', 2_000, "prometheus");
  expect(b.index).not.toBe(a.index);
  expect(c.index).toBe(a.index);
});

test("labels and metadata of targets with the same lines are the same strings and objects", () => {
  const shared = new SharedLines();
  const [a, b] = [targetOf("a", shared), targetOf("b", shared)].map((target) => {
    const samples = new SampleColumns();
    target.parse(Buffer.from("# TYPE x gauge\nx 1\n"), "prometheus", samples);
    target.append(samples, 1_000);
    return target.take(1_000, []).schema;
  });
  expect(a?.families[0]).toBe(b?.families[0]);
  expect(b?.series.at(-1)).toEqual({ __name__: "x", instance: "b", job: "j" });
});

test("targets that share give what they give alone, whatever their bodies are", () => {
  // Each family with its TYPE: without one, what an earlier body said of it holds as long as its lines are remembered.
  const family = fc.constantFrom(
    "# TYPE x counter\nx 1\n",
    "# TYPE x gauge\nx 1\n",
    '# TYPE x gauge\nx{p="1"} 2\nx{p="2"} 3\n',
    '# TYPE x gauge\nx{p="2"} 3\nx{p="1"} 2\n',
    '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\n',
    '# TYPE g gauge\ng_bucket{le="1"} 1\n',
    "# TYPE y gauge\ny 4\ny 4\n",
    "# TYPE y gauge\ny nonsense\n",
    "{ broken\n",
  );
  const body = fc.array(family, { maxLength: 4 }).map((families) => families.join(""));
  const bodies = fc.array(body, { minLength: 1, maxLength: 3 });
  const format = fc.constantFrom("prometheus" as const, "openmetrics" as const);
  const scrapes = fc.tuple(
    bodies,
    fc.array(fc.tuple(fc.nat(2), fc.nat(8), format), { maxLength: 24 }),
  );
  fc.assert(
    fc.property(scrapes, ([texts, steps]) => {
      const shared = new SharedLines();
      const together = [0, 1, 2].map((i) => targetOf(String(i), shared));
      const alone = [0, 1, 2].map((i) => targetOf(String(i), new SharedLines()));
      for (const [i, [target, text, kind]] of steps.entries()) {
        const end = kind === "openmetrics" ? "# EOF\n" : "";
        const given = [(texts[text % texts.length] ?? "") + end, 1_000 * i, kind] as const;
        const [one, other] = [together[target], alone[target]];
        if (one === undefined || other === undefined) throw new Error("no such target");
        expect(scrape(one, ...given)).toEqual(scrape(other, ...given));
      }
    }),
    { numRuns: 300 },
  );
});
