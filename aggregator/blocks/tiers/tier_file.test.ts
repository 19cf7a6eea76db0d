import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { emptyHistogram, type HistogramColumn } from "#shared/model/histogram.ts";
import type { Labels } from "#shared/model/labels.ts";
import { setStale, wordsOf } from "#shared/model/special_values.ts";
import type { BucketColumn } from "../../read/source.ts";
import { Duckdb } from "../../duckdb/duckdb.ts";
import { compareTexts, KnownTexts, SeriesTexts } from "../series/labels_text.ts";
import { compileSelector, type Selector } from "../series/selector.ts";
import { BucketBuffer, bucketColumns } from "./bucket_buffer.ts";
import { downsample } from "./downsample.ts";
import { readBucketsOfFiles, type TierBounds } from "./tier_file.ts";
import { type DecodedBuckets, readBuckets } from "./tier_reader.ts";
import { windowMs } from "./windows.ts";
import { writeTierRows } from "./write_tier.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-tier-file-"));
const duckdb = new Duckdb({
  memoryBytes: 256 * 1_024 ** 2,
  threads: 2,
  connectionsMax: 2,
  temporaryFolder: join(folder, "spill"),
});
afterAll(async () => {
  await duckdb.close();
  rmSync(folder, { recursive: true, force: true });
});

const midnightMs = 20_000 * windowMs;
const everything = compileSelector([], "labels");
const unbounded: TierBounds = { span: undefined, entriesMax: 1e9, signal: undefined };

type Raw = {
  readonly labels: Labels;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly histograms?: HistogramColumn;
};

/** A file of a tier, as maintenance makes it of a day's samples. */
async function tierOf(series: readonly Raw[], bucketMs: number): Promise<string> {
  const texts = new SeriesTexts();
  const sorted = series
    .map((one) => ({ one, text: texts.get(one.labels) }))
    .toSorted(
      ({ text: a }, { text: b }) => compareTexts(a.name, b.name) || compareTexts(a.text, b.text),
    );
  const span = { afterMs: midnightMs, untilMs: midnightMs + windowMs };
  const buffer = new BucketBuffer();
  const { path } = await writeTierRows(
    duckdb,
    folder,
    (writer) => {
      for (const { one, text } of sorted) {
        buffer.clear();
        downsample(one, bucketMs, span, buffer);
        writer.add(text, buffer.view(one.labels));
      }
      return Promise.resolve();
    },
    "fast",
    () => undefined,
  );
  return path;
}

const plain = (series: readonly DecodedBuckets[] | undefined) =>
  series
    ?.map(({ key, labels, timestampsMs, values, columns, histograms }) => ({
      key,
      labels,
      histograms,
      times: [...timestampsMs],
      words: [...wordsOf(values)],
      columns: Object.fromEntries(
        Object.entries(columns).map(([name, column]) => [name, [...wordsOf(column)]]),
      ),
    }))
    .toSorted((a, b) => compareTexts(a.key, b.key));

async function expectSameAsDuckdb(
  paths: readonly string[],
  selector: Selector,
  wanted: readonly BucketColumn[],
  span?: TierBounds["span"],
): Promise<number> {
  const known = new KnownTexts();
  const own = await readBucketsOfFiles(paths, selector, { ...unbounded, span }, wanted, known);
  const theirs = await duckdb.use("read", (connection) =>
    readBuckets(connection, paths, selector, span, wanted, 1e9, known),
  );
  for (const [i, series] of own.entries()) {
    expect(series).toBeDefined();
    expect(plain(series)).toEqual(plain(theirs[i]));
  }
  return own.reduce((sum, series) => sum + (series?.length ?? 0), 0);
}

/** Constant, counters with resets and without, gauges, decimals, what no integer stands for. */
const makers: readonly ((i: number, seed: number) => number)[] = [
  (_, seed) => seed,
  (i, seed) => seed + i * 7,
  (i, seed) => ((i * 13) % 997) + seed / 4,
  (i, seed) => (i % 50) * seed,
  (i, seed) => Math.sin(i + seed) * 1e9,
  (i, seed) => (i % 2 === 0 ? 2 ** 51 : -(2 ** 51)) + (seed % 2),
  (i) => [Number.NaN, Infinity, -Infinity, -0, 5, 1e300][i % 6] ?? 0,
];

function rawOf(
  n: number,
  { maker, seed, count, stepMs, stale }: Recipe,
  name = n % 3 === 0 ? "up" : "x",
): Raw {
  const timestampsMs = Float64Array.from(
    { length: count },
    (_, i) => midnightMs + 1 + (n % 5) * 997 + i * stepMs,
  );
  const values = Float64Array.from({ length: count }, (_, i) => makers[maker]?.(i, seed) ?? 0);
  if (stale > 0) for (let i = stale; i < count; i += stale) setStale(wordsOf(values), i);
  return { labels: { __name__: name, n: String(n) }, timestampsMs, values };
}

type Recipe = {
  readonly maker: number;
  readonly seed: number;
  readonly count: number;
  readonly stepMs: number;
  readonly stale: number;
};
const recipes = fc.array(
  fc.record({
    maker: fc.nat(makers.length - 1),
    seed: fc.integer({ min: -1_000, max: 1_000 }),
    count: fc.constantFrom(1, 2, 19, 300, 1_500),
    stepMs: fc.constantFrom(1, 15_000, 61_007),
    stale: fc.constantFrom(0, 0, 0, 5, 40),
  }),
  { minLength: 1, maxLength: 25 },
);

test("a tier's block is read as DuckDB reads it, bit by bit, whatever is in it and asked for", async () => {
  await fc.assert(
    fc.asyncProperty(
      recipes,
      fc.subarray([...bucketColumns]),
      fc.constantFrom(60_000, 300_000),
      async (drawn, wanted, bucketMs) => {
        const path = await tierOf(
          drawn.map((recipe, n) => rawOf(n, recipe)),
          bucketMs,
        );
        expect(await expectSameAsDuckdb([path], everything, wanted)).toBe(drawn.length);
        const span = { startMs: midnightMs + 3_600_000, endMs: midnightMs + 7_200_000 };
        await expectSameAsDuckdb([path], select("up"), wanted);
        await expectSameAsDuckdb([path], everything, wanted, span);
        rmSync(path);
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);

const manySeries = (count: number, more: Partial<Recipe> = {}) =>
  Array.from({ length: count }, (_, n) =>
    rawOf(
      n,
      // Some of several rows.
      n % 70 === 3
        ? { maker: 2, seed: n, count: 1_500, stepMs: 15_000, stale: 0 }
        : { maker: n % makers.length, seed: n, count: 400, stepMs: 15_000, stale: 0, ...more },
      `metric_${n % 40}`,
    ),
  );

const select = (value: string) => compileSelector([{ name: "__name__", op: "=", value }], "labels");

test("of row groups only those that may hold a name are read, and of several files each as it would be alone", async () => {
  const series = manySeries(2_100, { count: 20 });
  const paths = [await tierOf(series, 300_000), await tierOf(series.toSpliced(5, 1), 300_000)];
  const wanted = ["first", "resets", "count", "firstMs"] as const;
  expect(await expectSameAsDuckdb(paths, everything, wanted)).toBe(4_199);
  expect(await expectSameAsDuckdb(paths, select("metric_17"), wanted)).toBe(106);
  expect(await expectSameAsDuckdb(paths, select("metric_170"), ["max"])).toBe(0);
  // What series have alike is one array.
  const [read = []] = await readBucketsOfFiles(
    paths,
    select("metric_1"),
    unbounded,
    ["count"],
    new KnownTexts(),
  );
  expect(new Set(read.map(({ timestampsMs }) => timestampsMs)).size).toBeLessThanOrEqual(5);
}, 30_000);

test("a block with histograms is left to DuckDB, and its neighbours are read", async () => {
  const histogram = {
    labels: { __name__: "h" },
    timestampsMs: Float64Array.of(midnightMs + 1),
    values: Float64Array.of(0),
    histograms: [emptyHistogram],
  };
  const mixed = await tierOf([histogram, ...manySeries(2)], 60_000);
  const numbers = await tierOf(manySeries(3), 60_000);
  const read = await readBucketsOfFiles(
    [mixed, numbers],
    everything,
    unbounded,
    ["sum"],
    new KnownTexts(),
  );
  expect(read[0]).toBeUndefined();
  expect(read[1]).toHaveLength(3);
});

test("more buckets than allowed are refused, and a cancelled read ends", async () => {
  const path = await tierOf(manySeries(3, { count: 800, stepMs: 15_000 }), 60_000);
  const read = (bounds: object) =>
    readBucketsOfFiles(
      [path],
      everything,
      { ...unbounded, ...bounds },
      ["sum"],
      new KnownTexts(),
    ).catch((error: unknown) => messageOf(error));
  expect(await read({ entriesMax: 599 })).toBe("query reads more than 599 samples");
  expect(await read({ entriesMax: 610 })).toHaveLength(1);
  expect(await read({ signal: AbortSignal.abort(new Error("gone")) })).toBe(
    "query cancelled: gone",
  );
});

test("a damaged file is never more than refused", async () => {
  const whole = readFileSync(await tierOf(manySeries(150), 60_000));
  const damaged = join(folder, "damaged.parquet");
  let [refused, accepted] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      fc.option(fc.nat(whole.length)),
      fc.boolean(),
      async (changes, cut, atEnd) => {
        const bytes = Buffer.from(whole.subarray(0, cut ?? whole.length));
        // Half of the time where it hurts most: headers and footer.
        for (const [at, byte] of changes) {
          const place = atEnd ? bytes.length - 1 - (at % Math.min(bytes.length, 4_000)) : at;
          if (place >= 0 && place < bytes.length) bytes[place] = byte;
        }
        writeFileSync(damaged, bytes);
        try {
          const bounds = { ...unbounded, entriesMax: 1e6 };
          const known = new KnownTexts();
          const [series] = await readBucketsOfFiles(
            [damaged],
            everything,
            bounds,
            bucketColumns,
            known,
          );
          if (series === undefined) refused += 1;
          else accepted += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(OperatingError);
          refused += 1;
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(refused).toBeGreaterThan(50);
  expect(accepted).toBeGreaterThan(0);
}, 60_000);
