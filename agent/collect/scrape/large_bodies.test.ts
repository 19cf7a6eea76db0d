import { afterEach, expect, test } from "bun:test";
import { ScrapeBench, down, exposed, gzipped } from "#test/support/scrape_bench.ts";
import { ScrapeRecorder } from "#test/support/scrape_recorder.ts";

const bench = new ScrapeBench();
afterEach(() => bench.close());

const count = 40_000;
const lines = Array.from(
  { length: count },
  (_, i) => `requests_total{path="/a/long/path/of/a/service/${i}"} ${i}\n`,
);
const large = lines.join("");
const slow = { scrape_interval: "2s", scrape_timeout: "2s" } as const;

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
  const third = await recorder.scrape(() => true, 2);
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
