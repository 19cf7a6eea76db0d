import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { searchingRegex } from "#shared/text/linear_regex.ts";
import { Duckdb } from "../../../../duckdb/duckdb.ts";
import { LineFunction } from "../../../../query/sql/line_function.ts";
import { logsView } from "../../../../query/sql/views.ts";
import type { LineFilter } from "../../../../read/source.ts";
import { mergeLogs } from "../../../compaction/merge_logs.ts";
import { compileLogMask } from "../../log_mask.ts";
import { readLogs } from "../../read_logs.fixture.ts";
import { readSlices } from "../../read_slices.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-packed-"));
const duckdb = new Duckdb({
  memoryBytes: 256 * 1_024 ** 2,
  threads: 1,
  connectionsMax: 1,
  temporaryFolder: join(folder, "spill"),
});
afterAll(async () => {
  await duckdb.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A block of version 2 as its writer wrote it, of linesOf(3_000). */
const path = join(import.meta.dir, "version_2.parquet");
const lines = Array.from({ length: 3_000 }, (_, i) => lineOf(i));
const block = { path, bytes: 0, rows: 3_000, items: 3_000, minMs: 0, maxMs: 2_999 };
const everything = {
  tenant: "t",
  matchers: [],
  lineFilters: [],
  startNs: 0n,
  endNs: 2n ** 62n,
  limit: 100_000,
  direction: "forward" as const,
};

function lineOf(i: number): string {
  const hash = (Math.imul(i + 1, 2_654_435_761) >>> 0).toString().padStart(10, "0");
  switch (i % 4) {
    case 0:
      return `2026-11-24 12:${String(i % 60).padStart(2, "0")} user ${hash} from 10.250.${i % 7}.${i % 250}: took ${i % 40} ms`;
    case 1:
      return `block blk_-${hash}${hash} of /srv/${i % 9}/x-${i} sent to é${i % 3}`;
    case 2:
      return `id ${Math.imul(i, 40_503) >>> 0}${i % 2 === 0 ? "f" : "a"}, state ${i % 5 === 0 ? "ok7" : "down"}`;
    default:
      return "no variable here";
  }
}

const bodiesOf = async (file: typeof block, lineFilters: readonly LineFilter[] = []) =>
  (await readLogs(file, { ...everything, lineFilters })).map(({ body }) => body);

test("a block of version 2 gives its lines back, whole and by the view of SQL", async () => {
  expect(await bodiesOf(block)).toEqual(lines);
  const bodies = await duckdb.use("read", async (connection) => {
    const made = new LineFunction(connection, "line", [path]);
    await connection.run(logsView([path], "line"));
    const result = await connection.runAndReadAll("SELECT body FROM logs ORDER BY timestamp");
    made.close();
    return result.getRowsJS().flat().map(String);
  });
  expect(bodies).toEqual(lines);
});

test("lines of a block of version 2 are found by text and by regular expression", async () => {
  const needles = ["10.250.3.", "user 2654435761", "blk_-0", "x-1001 ", "ok7", "f, state", "é2"];
  for (const value of needles) {
    const wanted = lines.filter((line) => line.includes(value));
    expect(wanted.length).toBeGreaterThan(0);
    expect(await bodiesOf(block, [{ op: "|=", values: [value] }])).toEqual(wanted);
  }
  for (const value of ["took \\d ms", "x-1[0-3]\\d\\d ", "\\b7\\d+f", "^2026.*250\\.6\\."]) {
    const wanted = lines.filter((line) => searchingRegex(value).test(line));
    expect(wanted.length).toBeGreaterThan(0);
    expect(await bodiesOf(block, [{ op: "|~", values: [value] }])).toEqual(wanted);
  }
});

test("blocks of version 2 become one of version 3, without what is deleted", async () => {
  const mask = compileLogMask({
    name: "deleted",
    selectors: [[{ name: "app", op: "=", value: "x" }]],
    lineFilters: [{ op: "|=", values: ["10.250.3."] }],
    startMs: 0,
    endMs: 1_500,
  });
  const left = lines.filter((line, i) => i > 1_500 || !line.includes("10.250.3."));
  const never = new AbortController().signal;
  const inputs = [readSlices(path, []), readSlices(path, [mask])];
  const file = await mergeLogs(folder, inputs, undefined, never);
  expect((await bodiesOf({ ...block, ...file })).toSorted()).toEqual(
    [...lines, ...left].toSorted(),
  );
  const form = await duckdb.use("read", (connection) =>
    connection.runAndReadAll(
      `SELECT decode(value), (SELECT count(*) FROM parquet_schema('${file.path}') WHERE name = 'd0')
      FROM parquet_kv_metadata('${file.path}') WHERE decode(key) = 'lapwing'`,
    ),
  );
  expect(form.getRowsJS()).toEqual([["3", 0n]]);
});

test("the SQL of docs/formats/packed_digits.md rebuilds every line of a block of version 2", async () => {
  const document = readFileSync(
    join(import.meta.dir, "../../../../../docs/formats/packed_digits.md"),
    "utf8",
  );
  const sql = /```sql\n([^`]*)```/.exec(document)?.[1] ?? "";
  const found = await duckdb.use("read", async (connection) => {
    const statements = sql.replaceAll("block.parquet", path).split(";\n");
    for (const statement of statements.slice(0, -1)) await connection.run(statement);
    const result = await connection.runAndReadAll(statements.at(-1) ?? "");
    return result.getColumnsObjectJS()["line"]?.map(String);
  });
  expect(found).toEqual(lines);
});
