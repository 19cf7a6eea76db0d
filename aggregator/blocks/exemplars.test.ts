import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import * as fc from "fast-check";
import { OperatingError } from "#shared/errors.ts";
import type { Exemplar, SeriesExemplars } from "#shared/model/exemplars.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { SeriesSamples } from "../read/source.ts";
import { backup, listBackups, restore } from "../tools/backup.ts";
import { checkBlocks } from "../tools/check_blocks.ts";
import { StoreConfig } from "./config.ts";
import { fileObjectStore } from "../objects/object_store_file.ts";
import { KnownTexts } from "./series/labels_text.ts";
import { readSeriesOfFiles } from "./metrics/metrics_file.ts";
import { rebuildCatalog } from "../tools/rebuild_catalog.ts";
import { compileSelector } from "./series/selector.ts";
import { withStorage } from "../tools/storage_tools.ts";
import { cutOf, gauge, openTestStore, sampleTexts } from "../read/store.fixture.ts";
import type { Cut, Store } from "../read/store.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "lapwing-exemplars-"));
  folders.push(folder);
  return folder;
}

const request = { tenant: "t", selectors: [[]], startMs: 0, endMs: 1e15, exemplarsMax: 1_000 };
const everything = { tenant: "t", startMs: 0, endMs: 1e15, samplesMax: 1e6, matchers: [] };
const of = (name: string, exemplars: readonly Exemplar[]): SeriesExemplars => {
  const labels = { __name__: name };
  return { labels, key: labelsKey(labels), exemplars };
};
const trace = (timestampMs: number, value: number, id = `t${timestampMs}`): Exemplar => ({
  labels: { trace_id: id },
  value,
  timestampMs,
});

/** A cut a second, with exemplars of `a`, of which the last is in the next cut again, and a counter that starts anew at 3 s. */
function cut(k: number): Cut {
  const times = [k * 1_000, k * 1_000 + 500];
  const starts = Float64Array.from(times, (time) => (time >= 3_000 ? 2_900 : 900));
  const metrics = [{ ...gauge("a", times, [k, -k]), starts }, gauge("b", times, [k, k])];
  const exemplars = [of("a", [trace(k * 1_000 - 600, k), trace(k * 1_000 + 400, k + 1)])];
  return cutOf({ metrics, exemplars }, k);
}

const texts = (series: readonly SeriesExemplars[]) =>
  series.map(({ labels, exemplars }) =>
    [
      labels["__name__"],
      ...exemplars.map((one) => `${one.timestampMs}=${one.value}#${one.labels["trace_id"]}`),
    ].join(" "),
  );
const stored = async (store: Store) => texts(await store.view().metrics.exemplars(request));
const startsOf = (series: readonly SeriesSamples[]) =>
  series.map(({ starts }) => (starts === undefined ? undefined : [...starts]));
const storedStarts = async (store: Store) =>
  startsOf(await store.view().metrics.select({ ...everything, withStarts: true }));
const textOf = ({ timestampMs, value, labels }: Exemplar) =>
  JSON.stringify([timestampMs, String(value), labelsKey(labels)]);
const all = "a 400=1#t400 1400=2#t1400 2400=3#t2400 3400=4#t3400";
const allStarts = [[900, 900, 900, 900, 2_900, 2_900], undefined];

async function filled(dataDir: string, config: Record<string, unknown> = {}): Promise<Store> {
  const store = await openTestStore(dataDir, { delete_after: "0s", ...config });
  for (const k of [1, 2, 3]) await store.commit(cut(k), () => {});
  return store;
}

const within = <Result>(
  dataDir: string,
  mode: "read" | "write",
  action: Parameters<typeof withStorage<Result>>[3],
) => withStorage(StoreConfig.parse({}), dataDir, mode, action);
const wellChecked = (dataDir: string) =>
  within(dataDir, "read", async (tools) => (await checkBlocks(tools)).faults);

test("a cut's exemplars are found once, by their own times, and samples are what they were", async () => {
  const store = await filled(newFolder());
  expect(await stored(store)).toEqual([all]);
  const some = { ...request, startMs: 1_400, endMs: 2_400 };
  expect(texts(await store.view().metrics.exemplars(some))).toEqual([
    "a 1400=2#t1400 2400=3#t2400",
  ]);
  const other = { ...request, selectors: [[{ name: "__name__", op: "=" as const, value: "b" }]] };
  expect(await store.view().metrics.exemplars(other)).toEqual([]);
  const samples = await store.view().metrics.select(everything);
  expect(sampleTexts(samples)).toEqual([
    "a 1000=1 1500=-1 2000=2 2500=-2 3000=3 3500=-3",
    "b 1000=1 1500=1 2000=2 2500=2 3000=3 3500=3",
  ]);
  expect(store.view().blocks.map(({ items, minMs }) => [items, minMs])).toEqual([
    [4, 1_000],
    [4, 2_000],
    [4, 3_000],
  ]);
  // Starts cost a column, so they come only where they are wanted.
  expect(startsOf(samples)).toEqual([undefined, undefined]);
  expect(await storedStarts(store)).toEqual(allStarts);
  const tooMany = store.view().metrics.exemplars({ ...request, exemplarsMax: 3 });
  expect(await tooMany.catch((thrown: unknown) => thrown)).toBeInstanceOf(OperatingError);
  await store.close();
});

test("blocks with exemplars and starts are still read without DuckDB", async () => {
  const store = await filled(newFolder());
  const view = store.view();
  const files = await view.files(view.blocks);
  const bounds = { span: undefined, samplesMax: 1e6, signal: undefined };
  const selector = compileSelector([], "labels");
  const read = await readSeriesOfFiles(files.paths, selector, bounds, new KnownTexts());
  expect(read.map((series) => series?.map(({ values }) => [...values]))).toEqual([
    [
      [1, -1],
      [1, 1],
    ],
    [
      [2, -2],
      [2, 2],
    ],
    [
      [3, -3],
      [3, 3],
    ],
  ]);
  files.release();
  await store.close();
});

test("merging keeps exemplars and starts, each once; the files pass the check", async () => {
  const folder = newFolder();
  const store = await filled(folder, { compaction: { interval: "1d", blocks_max: 1 } });
  await store.maintain();
  expect(store.view().blocks.map(({ exemplars }) => exemplars)).toEqual([
    { count: 4, minMs: 400, maxMs: 3_400 },
  ]);
  expect(await stored(store)).toEqual([all]);
  expect(await storedStarts(store)).toEqual(allStarts);
  await store.close();
  expect(await wellChecked(folder)).toEqual([]);
});

test("delete() takes exemplars in its span away, at once and out of the files", async () => {
  const folder = newFolder();
  const store = await filled(folder);
  const selectors = [[{ name: "__name__", op: "=" as const, value: "a" }]];
  await store.delete(
    { signal: "metrics", tenant: "t", selectors, query: "a", startMs: 1_400, endMs: 2_400 },
    "operator",
  );
  const left = ["a 400=1#t400 3400=4#t3400"];
  expect(await stored(store)).toEqual(left);
  await store.maintain();
  expect(await stored(store)).toEqual(left);
  expect(await storedStarts(store)).toEqual([[900, 900, 2_900, 2_900], undefined]);
  await store.delete(
    { signal: "metrics", tenant: "t", selectors, query: "a", startMs: 0, endMs: 1e15 },
    "operator",
  );
  await store.maintain();
  expect(await stored(store)).toEqual([]);
  expect(store.view().blocks.every(({ exemplars }) => exemplars === undefined)).toBe(true);
  await store.close();
  expect(await wellChecked(folder)).toEqual([]);
});

test("exemplars without a sample make a block of their own, which is merged like any other", async () => {
  const folder = newFolder();
  const store = await openTestStore(folder, { compaction: { interval: "1d", blocks_max: 1 } });
  for (const k of [1, 2]) {
    const exemplars = [of("a", [trace(k * 1_000, k)])];
    await store.commit(cutOf({ exemplars }, k), () => {});
  }
  await store.maintain();
  expect(await stored(store)).toEqual(["a 1000=1#t1000 2000=2#t2000"]);
  await store.close();
  expect(await wellChecked(folder)).toEqual([]);
});

test("a catalog is rebuilt, and a backup restored, with exemplars and starts", async () => {
  const folder = newFolder();
  await (await filled(folder)).close();
  const target = fileObjectStore(newFolder());
  await within(folder, "read", (tools) => backup(tools, target));
  for (const end of ["", "-wal", "-shm"]) rmSync(join(folder, `catalog.db${end}`), { force: true });
  await within(folder, "write", (tools) => rebuildCatalog(tools));
  expect(await wellChecked(folder)).toEqual([]);
  const rebuilt = await openTestStore(folder, {});
  expect(await stored(rebuilt)).toEqual([all]);
  expect(await storedStarts(rebuilt)).toEqual(allStarts);
  await rebuilt.close();
  const fresh = newFolder();
  const [name = ""] = await listBackups(target);
  await within(fresh, "write", (tools) => restore(tools, target, name));
  const restored = await openTestStore(fresh, {});
  expect(await stored(restored)).toEqual([all]);
  await restored.close();
});

test("check tells of a block whose exemplars are not what the catalog says", async () => {
  const folder = newFolder();
  await (await filled(folder)).close();
  const catalog = new Database(join(folder, "catalog.db"));
  catalog.run("UPDATE blocks SET exemplars = 7 WHERE min_ms = 1000");
  catalog.close();
  const faults = await wellChecked(folder);
  expect(faults.map(({ reason }) => reason)).toEqual([
    "holds 2 exemplars from 400 to 1400, expected 7 exemplars from 400 to 1400",
  ]);
});

test("another engine reads exemplars and starts by the documentation's SQL", async () => {
  const store = await filled(newFolder());
  const view = store.view();
  const files = await view.files(view.blocks);
  const document = await Bun.file(new URL("../../docs/formats/parquet.md", import.meta.url)).text();
  const [, sql = ""] = /```sql exemplars\n([^`]+)```/.exec(document) ?? [];
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const list = `[${files.paths.map((path) => `'${path}'`).join(", ")}]`;
  const found = await connection.runAndReadAll(sql.replace("'block.parquet'", list));
  expect(found.getRows().map((row) => row.map(String))).toContainEqual([
    "a",
    "{}",
    "3400",
    "4",
    '{"trace_id":"t3400"}',
  ]);
  const starts = await connection.runAndReadAll(
    `SELECT DISTINCT start_ms::DOUBLE FROM read_parquet(${list}, union_by_name = true) WHERE name = 'a' AND n > 0 ORDER BY 1`,
  );
  expect(starts.getRows()).toEqual([[900], [2_900]]);
  connection.closeSync();
  instance.closeSync();
  files.release();
  await store.close();
});

test("whatever exemplars cuts hold, they are found as often as they are different", async () => {
  const exemplar = fc.record({
    timestampMs: fc.integer({ min: 0, max: 2 ** 34 }),
    value: fc.oneof(fc.constantFrom(0, 1, Infinity), fc.double({ noNaN: true })),
    labels: fc.dictionary(fc.constantFrom("trace_id", "span_id", "ü"), fc.string(), { maxKeys: 3 }),
  });
  const cuts = fc.array(fc.array(exemplar, { minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(cuts, async (content) => {
      const store = await openTestStore(newFolder(), {
        compaction: { interval: "1d", blocks_max: 1 },
      });
      const wanted = new Set<string>();
      for (const [i, entries] of content.entries()) {
        for (const one of entries) wanted.add(textOf(one));
        const sorted = entries.toSorted((a, b) => a.timestampMs - b.timestampMs);
        const exemplars = [of("a", sorted)];
        await store.commit(cutOf({ exemplars }, i + 1), () => {});
      }
      const found = async () =>
        new Set(
          (await store.view().metrics.exemplars(request)).flatMap(({ exemplars }) =>
            exemplars.map(textOf),
          ),
        );
      expect(await found()).toEqual(wanted);
      await store.maintain();
      expect(await found()).toEqual(wanted);
      await store.close();
    }),
    { numRuns: 6, seed: 11 },
  );
});
