import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptyHistogram } from "#shared/model/histogram.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Matcher } from "#shared/model/labels.ts";
import { isStale, setStale } from "#shared/model/special_values.ts";
import type { SeriesSamples } from "../../read/source.ts";
import { writeMetricsFile } from "../block_writer.ts";
import { cutMetricsOf } from "../../read/cut_metrics.ts";
import { Duckdb } from "../../duckdb/duckdb.ts";
import { KnownTexts } from "../series/labels_text.ts";
import { readSeriesOfFiles } from "./metrics_file.ts";
import { readSeries } from "./metrics_reader.ts";
import { compileSelector, type Selector } from "../series/selector.ts";
import type { DecodedSeries } from "./series_pieces.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-metrics-file-"));
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

const everything = compileSelector([], "labels");
const unbounded = { span: undefined, presence: false, samplesMax: 1e9, signal: undefined };
const wordsOf = (values: Float64Array) => [
  ...new Uint32Array(values.buffer, values.byteOffset, values.length * 2),
];
const plain = (series: readonly DecodedSeries[] | undefined) =>
  series?.map(({ key, labels, timestampsMs, values, fine, mayHoldNans, bytes }) => ({
    key,
    labels,
    mayHoldNans,
    bytes,
    times: [...timestampsMs],
    words: wordsOf(values),
    fine: fine && [...fine],
  }));

const sorted = (series: readonly DecodedSeries[] | undefined) =>
  plain(series)?.toSorted((a, b) => (a.key < b.key ? -1 : 1));

async function expectSameAsDuckdb(
  path: string,
  selector: Selector,
  span?: { startMs: number; endMs: number },
): Promise<number> {
  const known = new KnownTexts();
  const [own] = await readSeriesOfFiles([path], selector, { ...unbounded, span }, known);
  const [theirs] = await duckdb.use("read", (connection) =>
    readSeries(connection, [path], selector, span, 1e9, known),
  );
  expect(own).toBeDefined();
  if (span === undefined) expect(sorted(own)).toEqual(sorted(theirs) ?? []);
  else expect(inSpan(own, span)).toEqual(inSpan(theirs, span));
  const outside = (ms: number) => span !== undefined && (ms < span.startMs || ms > span.endMs);
  for (const { timestampsMs } of own ?? []) expect([...timestampsMs].filter(outside)).toEqual([]);
  return own?.length ?? 0;
}

/** What lies in the span: DuckDB gives whole rows. */
function inSpan(
  series: readonly DecodedSeries[] | undefined,
  { startMs, endMs }: { startMs: number; endMs: number },
) {
  return (sorted(series) ?? []).flatMap(({ key, labels, mayHoldNans, times, words, fine }) => {
    const kept = times.flatMap((ms, i) => (ms >= startMs && ms <= endMs ? [i] : []));
    const left = kept.map((i) => [times[i], words[2 * i], words[2 * i + 1], fine?.[i] ?? 0]);
    return left.length === 0 ? [] : [{ key, labels, mayHoldNans, left }];
  });
}

/** Every form that values take: constant, small, large, below zero, with decimals, as they are; rows of one sample and of many. */
const valueMakers: readonly ((i: number, seed: number) => number)[] = [
  (_, seed) => seed,
  (i, seed) => seed + (i % 5) - 2,
  (i, seed) => seed * 1_000 + i * 70_000,
  (i, seed) => (i % 2 === 0 ? 1 : -1) * (2 ** 40 + i * 12_345 + seed),
  (i, seed) => (i % 2 === 0 ? 2 ** 51 : -(2 ** 51)) + (seed % 2),
  (i, seed) => (i * 7_919 + seed) / 1_000,
  (i, seed) => Math.sin(i + seed) * 1e9,
  (i) => [Number.NaN, Infinity, -Infinity, -0, Number.MIN_VALUE, 1e300][i % 6] ?? 0,
  (i) => i,
];
/** Which of them gets stale markers: a number would lose their bits. */
const markedMaker = valueMakers.length - 1;

function valuesOf(maker: number, length: number, seed: number): Float64Array {
  const values = Float64Array.from({ length }, (_, i) => valueMakers[maker]?.(i, seed) ?? 0);
  const words = new Uint32Array(values.buffer);
  if (maker === markedMaker) for (let i = 3; i < length; i += 7) setStale(words, i);
  return values;
}

const someSeries = fc.array(
  fc.record({
    maker: fc.nat(valueMakers.length - 1),
    seed: fc.integer({ min: -1_000, max: 1_000 }),
    length: fc.constantFrom(1, 2, 3, 31, 257, 1_000, 2_300),
    startMs: fc.integer({ min: -1_000, max: 2 ** 41 }),
    stepMs: fc.constantFrom(1, 997, 15_000, 2 ** 31),
    jitterMs: fc.constantFrom(0, 0, 900),
    label: fc.string({ unit: "grapheme", maxLength: 8 }),
    /** Of so many samples one is not fine; 0 where none is fine. */
    coarseEvery: fc.constantFrom(0, 0, 0, 1, 4, 15),
  }),
  { minLength: 1, maxLength: 30 },
);

test("a block is read as DuckDB reads it, bit by bit, whatever is in it", async () => {
  await fc.assert(
    fc.asyncProperty(someSeries, async (recipes) => {
      const series = recipes.map((recipe, n) => {
        const { maker, seed, length, startMs, stepMs, jitterMs, label, coarseEvery } = recipe;
        const timestampsMs = Float64Array.from(
          { length },
          (_, i) =>
            startMs +
            i * stepMs +
            (jitterMs > 0 && stepMs > 1_000 ? (i * seed ** 2) % jitterMs : 0),
        );
        const values = valuesOf(maker, length, seed);
        const labels = { __name__: n % 3 === 0 ? "up" : "日本", n: String(n), label };
        const fine = Uint8Array.from(values, (_, i) => (i % coarseEvery === 0 ? 0 : 1));
        return { labels, timestampsMs, values, ...(coarseEvery === 0 ? {} : { fine }) };
      });
      const { path } = await writeMetricsFile(duckdb, folder, cutMetricsOf(series));
      expect(await expectSameAsDuckdb(path, everything)).toBe(recipes.length);
      await expectSameAsDuckdb(
        path,
        compileSelector([{ name: "__name__", op: "=", value: "up" }], "labels"),
      );
      rmSync(path);
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("a block of fine samples is read as DuckDB reads it where DuckDB wrote it, too", async () => {
  const fine = Uint8Array.from({ length: 50 }, (_, i) => (i % 15 === 0 ? 0 : 1));
  const series = manySeries(300, 50).map((one, i) => ({
    ...one,
    starts: new Float64Array(50).fill(i % 3),
    ...(i % 4 === 0 ? {} : { fine }),
  }));
  const exemplar = { timestampMs: 5, value: 1, labels: { trace_id: "x" } };
  const exemplars = [{ labels: { __name__: "a" }, key: "a", exemplars: [exemplar] }];
  const { path } = await writeMetricsFile(duckdb, folder, cutMetricsOf(series), { exemplars });
  expect(await expectSameAsDuckdb(path, everything)).toBe(300);
  const [startMs, endMs] = [1_795_230_858_000, 1_795_231_138_000];
  await expectSameAsDuckdb(path, everything, { startMs, endMs });
  const [read = []] = await readSeriesOfFiles([path], everything, unbounded, new KnownTexts());
  expect(read.filter((one) => one.fine !== undefined)).toHaveLength(225);
  for (const one of read) expect(one.fine ?? fine).toEqual(fine);
  rmSync(path);
});

const select = (...matchers: Matcher[]) => compileSelector(matchers, "labels");
const name = (op: Matcher["op"], value: string): Matcher => ({ name: "__name__", op, value });

test("where only presence counts, times are all there and stale markers where they are", async () => {
  const series = manySeries(900, 50);
  const { path } = await writeMetricsFile(duckdb, folder, cutMetricsOf(series));
  const read = async (presence: boolean) =>
    (await readSeriesOfFiles([path], everything, { ...unbounded, presence }, new KnownTexts()))[0];
  const [whole = [], present = []] = [await read(false), await read(true)];
  expect(present.map(({ key }) => key)).toEqual(whole.map(({ key }) => key));
  let markers = 0;
  for (const [i, { timestampsMs, values }] of present.entries()) {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
    const wanted = whole[i];
    expect(timestampsMs).toEqual(wanted?.timestampsMs ?? new Float64Array(0));
    const wantedWords = Uint32Array.from(wordsOf(wanted?.values ?? values));
    for (let sample = 0; sample < values.length; sample++) {
      expect(isStale(words, sample)).toBe(isStale(wantedWords, sample));
      if (isStale(words, sample)) markers += 1;
    }
  }
  expect(markers).toBe(700);
  expect(present.filter(({ values }) => values.every((value) => value === 0))).toHaveLength(800);
  // Times of a host are one array, in whatever row group.
  expect(new Set(present.map(({ timestampsMs }) => timestampsMs)).size).toBe(7);
});

/** Some row groups of several hosts, whose scrapes are not at the same time. */
function manySeries(count: number, length: number): SeriesSamples[] {
  const times = Array.from({ length: 7 }, (_, host) =>
    Float64Array.from(
      { length },
      (__, i) => 1_795_230_838_000 + i * 15_000 + host * 997 + ((i * host) % 3),
    ),
  );
  return Array.from({ length: count }, (_, n) => {
    const host = n % times.length;
    return {
      labels: { __name__: `metric_${Math.floor(n / 50) % 40}`, host: String(host), n: String(n) },
      timestampsMs: times[host] ?? new Float64Array(0),
      values: valuesOf(n % valueMakers.length, length, n),
    };
  });
}

test("row groups that cannot hold a name are left out, and of the others only rows that match are decoded", async () => {
  const { path } = await writeMetricsFile(duckdb, folder, cutMetricsOf(manySeries(5_000, 60)));
  expect(await expectSameAsDuckdb(path, everything)).toBe(5_000);
  expect(await expectSameAsDuckdb(path, select(name("=", "metric_17")))).toBe(150);
  expect(await expectSameAsDuckdb(path, select(name("=", "nothing")))).toBe(0);
  expect(
    await expectSameAsDuckdb(
      path,
      select(name("=~", "metric_1.*"), { name: "host", op: "=", value: "3" }),
    ),
  ).toBeGreaterThan(100);
  expect(
    await expectSameAsDuckdb(path, select({ name: "n", op: "=", value: "4321" }), {
      startMs: 1_795_230_838_000 + 60_000,
      endMs: 1_795_230_838_000 + 90_000,
    }),
  ).toBe(1);
  expect(await expectSameAsDuckdb(path, everything, { startMs: 0, endMs: 1_000 })).toBe(0);
  rmSync(path);
});

test("blocks of the same series, whose labels are the same bytes, are read as each would be alone", async () => {
  const series = manySeries(2_500, 20);
  const later = series.map((one) => ({
    ...one,
    timestampsMs: one.timestampsMs.map((timeMs) => timeMs + 3_600_000),
  }));
  const [others, fewer] = [later.toSpliced(7, 1), later.slice(0, 2_049)];
  const paths: string[] = [];
  for (const some of [series, later, others, fewer, series])
    paths.push((await writeMetricsFile(duckdb, folder, cutMetricsOf(some))).path);
  for (const selector of [everything, select(name("=", "metric_3"))]) {
    const together = await readSeriesOfFiles(paths, selector, unbounded, new KnownTexts());
    for (const [i, path] of paths.entries()) {
      const [alone] = await readSeriesOfFiles([path], selector, unbounded, new KnownTexts());
      expect(plain(together[i])).toEqual(plain(alone));
      expect(together[i]?.length).toBeGreaterThanOrEqual(50);
    }
  }
});

test("a block with histograms is left to DuckDB, and its neighbours are read", async () => {
  const numbers = await writeMetricsFile(duckdb, folder, cutMetricsOf(manySeries(3, 4)));
  const histogram = {
    labels: { __name__: "h" },
    timestampsMs: Float64Array.of(1),
    values: Float64Array.of(0),
    histograms: [emptyHistogram],
  };
  const mixed = await writeMetricsFile(duckdb, folder, cutMetricsOf([histogram]));
  const read = await readSeriesOfFiles(
    [mixed.path, numbers.path],
    everything,
    unbounded,
    new KnownTexts(),
  );
  expect(read[0]).toBeUndefined();
  expect(read[1]).toHaveLength(3);
});

const read = (file: string, bounds: object) =>
  readSeriesOfFiles([file], everything, { ...unbounded, ...bounds }, new KnownTexts()).catch(
    (error: unknown) => messageOf(error),
  );

test("a block of many series lets others run while it is written, whatever its series hold", async () => {
  const timestampsMs = Float64Array.of(1);
  const series = Array.from({ length: 30_000 }, (_, i): SeriesSamples => ({
    labels: { __name__: "m", i: `${i}` },
    key: `${i}`,
    timestampsMs,
    values: Float64Array.of(i),
  }));
  const histogram = { ...emptyHistogram, count: 1, zeroCount: 1 };
  const native = series.map((one): SeriesSamples => ({ ...one, histograms: [histogram] }));
  for (const all of [series, native]) {
    const cut = cutMetricsOf(all);
    let [since, most] = [0, 0];
    const counting = setInterval(() => (since = 0), 0);
    const counted = (index: number) => {
      most = Math.max(most, ++since);
      return cut.read(index);
    };
    const { path, items } = await writeMetricsFile(duckdb, folder, { ...cut, read: counted });
    clearInterval(counting);
    rmSync(path);
    expect(items).toBe(all.length);
    expect(most).toBeLessThan(all.length / 3);
  }
});

test("more samples than allowed are refused, and a cancelled read ends", async () => {
  const { path } = await writeMetricsFile(duckdb, folder, cutMetricsOf(manySeries(10, 100)));
  expect(await read(path, { samplesMax: 999 })).toBe("query reads more than 999 samples");
  expect(await read(path, { samplesMax: 1_000 })).toHaveLength(1);
  const gone = AbortSignal.abort(new Error("gone"));
  expect(await read(path, { signal: gone })).toBe("query cancelled: gone");
  expect(await read(`${path}x`, {})).toContain("ENOENT");
});

test("a damaged file is never more than refused", async () => {
  const { path } = await writeMetricsFile(duckdb, folder, cutMetricsOf(manySeries(300, 40)));
  const whole = readFileSync(path);
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
          const place = atEnd ? bytes.length - 1 - (at % Math.min(bytes.length, 2_000)) : at;
          if (place >= 0 && place < bytes.length) bytes[place] = byte;
        }
        writeFileSync(damaged, bytes);
        try {
          const bounds = { ...unbounded, samplesMax: 1e6 };
          const [series] = await readSeriesOfFiles([damaged], everything, bounds, new KnownTexts());
          if (series === undefined) refused += 1;
          else accepted += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(OperatingError);
          refused += 1;
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(refused).toBeGreaterThan(100);
  expect(accepted).toBeGreaterThan(0);
}, 60_000);
