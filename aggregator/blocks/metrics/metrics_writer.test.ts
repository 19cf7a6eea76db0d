import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SeriesSamples } from "../../read/source.ts";
import { writeMetricsFile } from "../block_writer.ts";
import { cutMetricsOf } from "../../read/cut_metrics.ts";
import { Duckdb } from "../../duckdb/duckdb.ts";
import { KnownTexts } from "../series/labels_text.ts";
import { readSeries } from "./metrics_reader.ts";
import { compileSelector } from "../series/selector.ts";
import { decodeValues, encodeValues, plainDivisor } from "./value_codec.ts";
import { readBigInts, readFloats, readTexts } from "../../duckdb/vectors.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-metrics-"));
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

/** Values as their 64 bits, since a NaN's payload is part of it. */
const bitsOf = (values: Float64Array) => [...new BigUint64Array(values.slice().buffer)];
const fromBits = (bits: readonly bigint[]) => new Float64Array(BigUint64Array.from(bits).buffer);
const stale = 0x7ff0_0000_0000_0002n;

/** What metrics are made of, besides any 64 bits. */
const bits = fc.oneof(
  fc.bigInt(0n, 2n ** 64n - 1n),
  fc.constantFrom(stale, 0x7ff8_0000_0000_0001n, 0x7ff0n << 48n, 1n << 63n, 0n, 1n),
  fc.integer().map((value) => bitsOf(Float64Array.of(value))[0] ?? 0n),
  fc.maxSafeInteger().map((value) => bitsOf(Float64Array.of(value))[0] ?? 0n),
);
const decimals = fc
  .tuple(fc.integer({ min: 0, max: 15 }), fc.array(fc.integer(), { minLength: 1, maxLength: 50 }))
  .map(([exponent, integers]) =>
    Float64Array.from(integers, (one) => Number(`${one}e-${exponent}`)),
  );
const anyValues = fc.oneof(
  decimals,
  fc.array(bits, { minLength: 1, maxLength: 50 }).map((some) => fromBits(some)),
  fc.array(fc.double(), { minLength: 1, maxLength: 50 }).map((some) => Float64Array.from(some)),
);

test("encodeValues() gives back every bit, whatever the values", () => {
  fc.assert(
    fc.property(anyValues, (values) => {
      const stored = new Float64Array(values.length + 3);
      const divisor = encodeValues(values, 0, values.length, stored, 2);
      const back = new Float64Array(values.length);
      decodeValues(stored, 2, values.length, divisor, back, 0);
      expect(bitsOf(back)).toEqual(bitsOf(values));
    }),
    { numRuns: 2_000 },
  );
});

const divisorOf = (...values: number[]) =>
  encodeValues(Float64Array.from(values), 0, values.length, new Float64Array(values.length), 0);

test("encodeValues() makes integers of decimals, and leaves what it must", () => {
  expect(divisorOf(1, 2, 3)).toBe(1);
  expect(divisorOf(0.25, 12.5)).toBe(100);
  expect(divisorOf(1_795_230_838.530_1)).toBe(10_000);
  expect(divisorOf(1, -0)).toBe(plainDivisor);
  expect(divisorOf(1, Infinity)).toBe(plainDivisor);
  expect(divisorOf(0.123_456_789_012_345)).toBe(1e15);
  expect(divisorOf(Math.PI)).toBe(plainDivisor);
  expect(divisorOf(2 ** 51, -(2 ** 51))).toBe(1);
  expect(divisorOf(2 ** 51 + 1)).toBe(plainDivisor);
});

const label = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
const someSeries = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom("up", "cpu", "日本"),
      labels: fc.dictionary(label, label, { maxKeys: 3 }),
      values: anyValues,
      startMs: fc.integer({ min: -1_000, max: 2 ** 40 }),
      stepMs: fc.constantFrom(1, 15_000, 3_600_000, 2 ** 31),
    }),
    {
      selector: ({ name, labels }) =>
        `${name} ${JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`,
      maxLength: 20,
    },
  )
  .map((all) =>
    all.map(({ name, labels, values, startMs, stepMs }): SeriesSamples => ({
      labels: { ...labels, __name__: name },
      timestampsMs: Float64Array.from(values, (_, i) => startMs + i * stepMs),
      values,
    })),
  );

const textsOf = (series: readonly SeriesSamples[]) =>
  series
    .map(({ labels, timestampsMs, values }) =>
      JSON.stringify([
        Object.entries(labels)
          .filter(([, value]) => value !== "")
          .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        [...timestampsMs],
        bitsOf(values).map(String),
      ]),
    )
    .toSorted();

test("a block gives back every series, label, time and bit through DuckDB", async () => {
  await fc.assert(
    fc.asyncProperty(someSeries, async (series) => {
      const file = await writeMetricsFile(duckdb, folder, cutMetricsOf(series));
      const back = await duckdb.use("read", (connection) =>
        readSeries(
          connection,
          [file.path],
          compileSelector([], "labels"),
          undefined,
          1e6,
          new KnownTexts(),
        ),
      );
      rmSync(file.path);
      expect(textsOf(back.flat())).toEqual(textsOf(series));
    }),
    { numRuns: 40 },
  );
}, 60_000);

test("the SQL of docs/formats/parquet.md rebuilds every sample in a DuckDB of its own", async () => {
  const document = readFileSync(join(import.meta.dir, "../../../docs/formats/parquet.md"), "utf8");
  const sql = /```sql\n([^`]+)```/.exec(document)?.[1] ?? "";
  const length = 2_500;
  const times = Float64Array.from({ length }, (_, i) => 1_795_230_838_530 + i * 5_000);
  const made = (make: (i: number) => number) => Float64Array.from({ length }, (_, i) => make(i));
  const withStale = made((i) => i / 8);
  new BigUint64Array(withStale.buffer)[700] = stale;
  const series = [
    { labels: { __name__: "a", x: `"quoted", \\ 'n` }, values: made((i) => (i * 7919) / 1_000) },
    { labels: { __name__: "a", x: "y" }, values: made((i) => -i * 4_096) },
    { labels: { __name__: "b" }, values: made((i) => Math.sin(i) * 1e9) },
    { labels: { __name__: "c" }, values: withStale },
  ].map((one) => ({ ...one, timestampsMs: times }));
  const file = await writeMetricsFile(duckdb, folder, cutMetricsOf(series));
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const result = await connection.stream(sql.replace("block.parquet", file.path));
  const found: { name: string; time: number; bits: bigint }[] = [];
  for (
    let chunk = await result.fetchChunk();
    chunk !== null && chunk.rowCount > 0;
    chunk = await result.fetchChunk()
  ) {
    const names = readTexts(chunk, 0);
    const timestamps = readBigInts(chunk, 2);
    for (const [i, one] of bitsOf(readFloats(chunk, 3)).entries())
      found.push({ name: names[i] ?? "", time: Number(timestamps[i]), bits: one });
  }
  connection.closeSync();
  const wanted = series.flatMap(({ labels, values }) =>
    bitsOf(values).map((one, i) => ({ name: labels["__name__"], time: times[i] ?? 0, bits: one })),
  );
  expect(found).toEqual(wanted);
  expect(found.filter((one) => one.bits === stale)).toHaveLength(1);
});

test("the SQL of docs/formats/parquet.md leaves out fine samples where it is told to", async () => {
  const document = readFileSync(join(import.meta.dir, "../../../docs/formats/parquet.md"), "utf8");
  const sql = /```sql\n([^`]+)```/.exec(document)?.[1] ?? "";
  const timestampsMs = Float64Array.from({ length: 100 }, (_, i) => 1_000 * i);
  const values = timestampsMs.map((time) => time / 8);
  const fine = Uint8Array.from(values, (_, i) => (i % 15 === 0 ? 0 : 1));
  const plain = { labels: { __name__: "a" }, timestampsMs, values };
  const series = [plain, { ...plain, labels: { __name__: "b" }, fine }];
  const file = await writeMetricsFile(duckdb, folder, cutMetricsOf(series));
  const coarse = sql
    .replace("block.parquet", file.path)
    .replace("unnest(v) AS stored", "unnest(v) AS stored, unnest(fine) AS is_fine")
    .replace(/ORDER BY name, labels, timestamp_ms\n$/, "QUALIFY is_fine IS NOT TRUE $&");
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const rows = (await connection.runAndReadAll(coarse)).getRows();
  connection.closeSync();
  const found = (name: string) =>
    rows.filter(([own]) => own === name).map(([, , time, value]) => [Number(time), value]);
  const all = Array.from(timestampsMs, (time, i) => [time, values[i]]);
  expect(found("a")).toEqual(all);
  expect(found("b")).toEqual(all.filter((_, i) => i % 15 === 0));
});
