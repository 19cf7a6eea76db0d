import { afterEach, expect, test } from "bun:test";
import { ScrapeBench, down, exposed, gzipped } from "#test/support/scrape_bench.ts";
import { type RecordedScrape, ScrapeRecorder } from "#test/support/scrape_recorder.ts";

const bench = new ScrapeBench();
afterEach(() => bench.close());

const count = 40_000;
const lines = Array.from(
  { length: count },
  (_, i) => `requests_total{path="/a/long/path/of/a/service/${i}"} ${i}\n`,
);
const large = lines.join("");
const slow = { scrape_interval: "2s", scrape_timeout: "2s" } as const;

const seriesOf = (scrape: RecordedScrape) => Object.keys(exposed(scrape)).length;

test("a large body is read in slices, and all of it is stored, packed or not", async () => {
  expect(large.length).toBeGreaterThan(2 * 1024 ** 2);
  const target = bench.serve(() => gzipped(large), large, large.replaceAll("service/", "other/"));
  const recorder = await bench.record(target, slow);
  await recorder.scrape(() => true, 1);
  for (const scrape of recorder.scrapes.slice(0, 2)) {
    const values = Object.values(exposed(scrape));
    expect(values).toHaveLength(count);
    expect(values.reduce<number>((sum, value) => sum + Number(value), 0)).toBe(
      (count * (count - 1)) / 2,
    );
    expect(scrape.values["scrape_samples_scraped"]).toBe(count);
  }
  const third = await recorder.scrape((scrape) => seriesOf(scrape) >= 2 * count, 2);
  const values = Object.values(exposed(third));
  expect(values.filter((value) => value === "stale")).toHaveLength(count);
  expect(values).toHaveLength(2 * count);
}, 30_000);

test("limits act while a large body is read, and its neighbour goes on", async () => {
  const recorder = new ScrapeRecorder({ memoryBytes: 4 * 1024 ** 2 });
  try {
    const targets = {
      limited: bench.serve(large),
      whole: bench.serve(large),
      small: bench.serve("a 1\n"),
    };
    await recorder.apply(
      Object.entries(targets).map(([job_name, target]) => ({
        job_name,
        ...slow,
        ...(job_name === "limited" ? { label_value_length_limit: 26 } : {}),
        static_configs: [{ targets: [target] }],
      })),
    );
    const of = (name: "limited" | "whole" | "small") =>
      recorder.scrape(({ instance }) => instance === targets[name]);
    expect(down(await of("limited"))).toBe(true);
    expect(down(await of("whole"))).toBe(true);
    expect(exposed(await of("small"))).toEqual({ a: 1 });
    const errors = recorder.manager.targets().map(({ pool, lastError }) => [pool, lastError]);
    expect(Object.fromEntries(errors)).toEqual({
      limited: expect.stringContaining("label value length limit exceeded"),
      whole: expect.stringMatching(
        /no room for the series of a large body: \d+ samples hold \d+ bytes of agent.scrape_memory_max/,
      ),
      small: "",
    });
  } finally {
    await recorder.close();
  }
}, 30_000);

test("series that are new go on in parts: 2,048, or fewer with many labels", async () => {
  const labels = Array.from({ length: 99 }, (_, i) => `l${i}="v"`).join(",");
  const wide = Array.from({ length: 1_000 }, (_, i) => `wide{i="${i}",${labels}} ${i}\n`);
  const sizes: number[][] = [];
  for (const body of [large, wide.join("")]) {
    const parts: number[] = [];
    const recorder = new ScrapeRecorder({
      onBatch: ({ schema }) => parts.push(schema.series.length),
    });
    try {
      await recorder.apply([
        { job_name: "new", ...slow, static_configs: [{ targets: [bench.serve(body)] }] },
      ]);
      await recorder.scrape(() => true, 1);
      sizes.push(parts);
    } finally {
      await recorder.close();
    }
  }
  const [many = [], some = []] = sizes;
  expect(many.slice(0, 2)).toEqual([2_048, 4_096]);
  expect(many.at(-1)).toBeGreaterThan(count);
  expect(some.length).toBeGreaterThanOrEqual(4);
  // Then all are known, and go on together.
  expect(some.at(-1)).toBe(some.at(-2) ?? 0);
}, 30_000);
