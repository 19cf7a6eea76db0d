import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SeriesSamples } from "../../read/source.ts";
import { writeMetricsFile } from "../block_writer.ts";
import { cutMetricsOf } from "../../read/cut_metrics.ts";
import { DeletedCopies } from "../deletion/deleted_copies.ts";
import { storedMetrics } from "../signals/stored_metrics.ts";
import { Duckdb } from "../../duckdb/duckdb.ts";
import { KnownTexts, labelsText } from "../series/labels_text.ts";
import { mergeNumbers, NotOfNumbers } from "./merge_numbers.ts";
import { SeriesIndex } from "../series/series_index.ts";
import { SortedRows } from "./sorted_rows.ts";
import { seriesInOrder } from "../metrics/series_in_order.ts";
import type { Block } from "../../read/store.ts";
import { gauge } from "../../read/store.fixture.ts";
import { Deleted } from "../deletion/tombstones.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-merge-"));
const merged = join(folder, "merged");
await mkdir(merged);
const texts = new KnownTexts();
const duckdb = new Duckdb({
  memoryBytes: 256 * 1_024 ** 2,
  threads: 2,
  connectionsMax: 3,
  temporaryFolder: join(folder, "spill"),
});
afterAll(async () => {
  await duckdb.close();
  rmSync(folder, { recursive: true, force: true });
});

const index = new SeriesIndex(2 ** 24);
const collect = () => index.collect("t");
const never = new AbortController().signal;
const fromBits = (bits: readonly bigint[]) => new Float64Array(BigUint64Array.from(bits).buffer);
const bitsOf = (values: Float64Array) => [...new BigUint64Array(values.slice().buffer)];

function blockOf(id: string): Block {
  return {
    id,
    tenant: "t",
    signal: "metrics",
    key: id,
    minMs: 0,
    maxMs: 1,
    items: 1,
    rows: 1,
    bytes: 1,
    createdMs: 0,
  };
}

const noteOf = (part: number, isLast: boolean) => {
  const known = { group: "g", part, isLast, isPartial: false, replaces: [] };
  return {
    tenant: "t",
    signal: "metrics" as const,
    createdMs: 0,
    lanes: [],
    merge: known,
  };
};

/** Each series with its bits, as DuckDB reads the files. */
async function contentOf(paths: readonly string[]): Promise<string[]> {
  return duckdb.use("read", async (connection) => {
    const found: string[] = [];
    for await (const { labels, timestampsMs, values, fine } of seriesInOrder(
      connection,
      paths,
      texts,
    ))
      found.push(
        `${labels["__name__"]}${labelsText(labels)} ${[...timestampsMs].join()} ${bitsOf(values).join()} ${marksOf(fine)}`,
      );
    return found;
  });
}

/** No marks, and marks of nothing, are the same. */
const marksOf = (fine: Uint8Array | undefined) => (fine?.includes(1) === true ? fine.join("") : "");

function write(series: readonly SeriesSamples[]) {
  return writeMetricsFile(duckdb, folder, cutMetricsOf(series));
}

const bits = fc.oneof(
  fc.constantFrom(0x7ff0_0000_0000_0002n, 0x7ff8_0000_0000_0001n, 1n << 63n, 0n),
  fc.integer().map((value) => bitsOf(Float64Array.of(value))[0] ?? 0n),
  fc.bigInt(0n, 2n ** 64n - 1n),
);
/** Few times, so that blocks overlap and hold the same ones. */
const oneSeries = fc.record({
  name: fc.constantFrom("a", "b", "c", "ü"),
  host: fc.constantFrom("x", "y", ""),
  hasFine: fc.boolean(),
  samples: fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 60 }), bits), {
    selector: ([time]) => time,
    minLength: 1,
    maxLength: 20,
  }),
});
const oneBlock = fc.uniqueArray(oneSeries, {
  selector: ({ name, host }) => `${name} ${host}`,
  minLength: 1,
  maxLength: 8,
});
const deletion = fc.option(
  fc.record({
    host: fc.constantFrom("x", "y"),
    block: fc.nat({ max: 4 }),
    startMs: fc.integer({ min: 0, max: 60 }),
    lengthMs: fc.integer({ min: 0, max: 60 }),
  }),
);

function seriesOf(block: typeof oneBlock extends fc.Arbitrary<infer Value> ? Value : never) {
  return block.map(({ name, host, samples, hasFine }): SeriesSamples => {
    const sorted = samples.toSorted(([a], [b]) => a - b);
    return {
      labels: host === "" ? { __name__: name } : { __name__: name, host },
      timestampsMs: Float64Array.from(sorted, ([time]) => time),
      values: fromBits(sorted.map(([, value]) => value)),
      fine: hasFine ? Uint8Array.from(sorted, ([time]) => (time % 3 === 0 ? 0 : 1)) : undefined,
    };
  });
}

test("mergeNumbers() gives the bits that a merge by DuckDB gives, whatever overlaps or is deleted", async () => {
  const copies = new DeletedCopies(
    { writer: duckdb, staging: folder, texts },
    () => storedMetrics.copyWithout,
  );
  let [parts, split] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.array(oneBlock, { minLength: 1, maxLength: 5 }),
      deletion,
      fc.constantFrom(1, 7, 1_000_000),
      async (inputs, out, samplesMax) => {
        const blocks = inputs.map((_, i) => blockOf(String(i)));
        const paths: string[] = [];
        for (const input of inputs) paths.push((await write(seriesOf(input))).path);
        const tombstones = out === null ? [] : [tombstone(out, blocks)];
        const deleted = new Deleted(tombstones);
        const without: string[] = [];
        for (const [i, block] of blocks.entries()) {
          const path = paths[i] ?? "";
          const isConcerned = deleted.concerns(block);
          without.push(isConcerned ? await copies.make(block, path, deleted) : path);
        }
        const notes: boolean[] = [];
        const into = {
          folder: merged,
          samplesMax,
          collect,
          noteOf: (part: number, isLast: boolean) => {
            notes.push(isLast);
            return noteOf(part, isLast);
          },
        };
        const files = await mergeNumbers({ blocks, paths, deleted }, into, never);
        const expected = await contentOf(without);
        const found = files.length === 0 ? [] : await contentOf(files.map(({ path }) => path));
        expect(found).toEqual(expected);
        // A file with nothing after it says so, and no other one.
        expect(notes).toEqual(files.map((_, i) => i === files.length - 1));
        for (const { path, series } of files) {
          const inFile = await contentOf([path]);
          await index.note("t", path, series ?? []);
          expect(index.of("t", [blockOf(path)]).sets[0]).toHaveLength(inFile.length);
        }
        const items = files.reduce((sum, file) => sum + file.items, 0);
        expect(items).toBe(expected.reduce((sum, text) => sum + samplesIn(text), 0));
        parts += files.length;
        split += files.length > 1 ? 1 : 0;
        for (const path of [...paths, ...without, ...files.map((file) => file.path)])
          rmSync(path, { force: true });
      },
    ),
    { numRuns: 60 },
  );
  expect(parts).toBeGreaterThan(60);
  expect(split).toBeGreaterThan(0);
});

function samplesIn(text: string): number {
  return (text.split(" ").at(1) ?? "").split(",").length;
}

function tombstone(
  {
    host,
    block,
    startMs,
    lengthMs,
  }: Record<"startMs" | "lengthMs" | "block", number> & {
    host: string;
  },
  blocks: readonly Block[],
) {
  return {
    id: "d",
    signal: "metrics" as const,
    createdMs: 0,
    tenant: "t",
    selectors: [[{ name: "host", op: "=" as const, value: host }]],
    startMs,
    endMs: startMs + lengthMs,
    // Of blocks that came later nothing is deleted.
    blocks: blocks.slice(0, block).map(({ id }) => id),
  };
}

test("mergeNumbers() leaves histograms and starts to others, and names the blocks that have them", async () => {
  const plain = await write([gauge("a", [1], [1])]);
  const withStarts = await write([{ ...gauge("b", [1], [1]), starts: Float64Array.of(1) }]);
  const blocks = [blockOf("plain"), blockOf("other")];
  const paths = [plain.path, withStarts.path];
  const merging = mergeNumbers(
    { blocks, paths, deleted: Deleted.nothing },
    { folder: merged, samplesMax: 1_000, noteOf, collect },
    never,
  );
  const error: unknown = await merging.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(NotOfNumbers);
  expect(error instanceof NotOfNumbers ? error.blocks.map(({ id }) => id) : []).toEqual(["other"]);
  expect(readdirSync(merged)).toEqual([]);
});

test("mergeNumbers() refuses a block whose series DuckDB sorted in another order", async () => {
  // By UTF-8 the second comes first, by UTF-16 the first.
  const odd = [gauge("\u{1f600}", [1], [1]), gauge("\uff5e", [1], [1])];
  const { path } = await write(odd);
  const other = join(folder, "other.parquet");
  await duckdb.use("sort", (connection) =>
    connection.run(
      `COPY (SELECT * FROM read_parquet('${path}') ORDER BY name) TO '${other}' (FORMAT parquet, COMPRESSION zstd)`,
    ),
  );
  const into = { folder: merged, samplesMax: 1_000, noteOf, collect };
  const inputs = { blocks: [blockOf("odd")], deleted: Deleted.nothing };
  expect(mergeNumbers({ ...inputs, paths: [other] }, into, never)).rejects.toBeInstanceOf(
    NotOfNumbers,
  );
  const files = await mergeNumbers({ ...inputs, paths: [path] }, into, never);
  expect(files.map(({ items }) => items)).toEqual([2]);
  for (const file of files) rmSync(file.path);
});

test("mergeNumbers() stops, and leaves no file, when it is aborted", async () => {
  const { path } = await write([gauge("a", [1], [1])]);
  const inputs = { blocks: [blockOf("a")], paths: [path], deleted: Deleted.nothing };
  const into = { folder: merged, samplesMax: 1_000, noteOf, collect };
  const error: unknown = await mergeNumbers(inputs, into, AbortSignal.abort()).catch(
    (thrown: unknown) => thrown,
  );
  expect(String(error)).toContain("cancelled");
  expect(readdirSync(merged)).toEqual([]);
});

test("SortedRows holds one row group, not the file", async () => {
  const times = Array.from({ length: 500 }, (_, i) => i);
  const series = Array.from({ length: 5_000 }, (_, i) =>
    gauge("a", times, times, { i: String(i) }),
  );
  const { path, items } = await write(series);
  const rows = await SortedRows.open(path);
  const room = { times: new Float64Array(1_000), values: new Float64Array(1_000) };
  let [samples, groups] = [0, 0];
  try {
    while (await rows.next()) {
      groups += 1;
      expect(rows.heldSamples).toBeLessThanOrEqual(2 ** 19 + 1_000);
      do {
        rows.decode(room, 0);
        samples += rows.count;
      } while (rows.step());
    }
  } finally {
    await rows.close();
  }
  expect(samples).toBe(items);
  expect(groups).toBeGreaterThan(3);
});
