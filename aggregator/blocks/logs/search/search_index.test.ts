import { afterAll, expect, test } from "bun:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLineMiner } from "#test/support/mining.ts";
import { writeLogsFile } from "../write/logs_file.ts";
import { lines } from "../../../read/store.fixture.ts";
import { compileGroupFilters } from "./group_filter.ts";
import { LogsCache } from "../log_file.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-index-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const id = (i: number) => `${(i * 2_654_435_761) % 1e9}`.padStart(12, "7");
const some = Array.from({ length: 3_000 }, (_, i) => `request ${id(i)} took ${i % 90} ms`);

/** Whether the file leaves it open that a line passes. */
async function mayPass(texts: readonly string[], op: "|=" | "!=" | "|~", value: string) {
  const file = await writeLogsFile(folder, [createLineMiner().mine(lines("x", texts))]);
  const index = (await new LogsCache(2 ** 20).open("id", file.path)).index(0);
  if (index === undefined) throw new Error("the file has no index");
  const [filter] = compileGroupFilters([{ op, values: [value] }]);
  return filter?.mayPass(index);
}

test("a row group is told not to have an id, whole or as long as the longest", async () => {
  expect(await mayPass(some, "|=", id(7))).toBe(true);
  expect(await mayPass(some, "|=", `request ${id(7)} took`)).toBe(true);
  let passed = 0;
  for (let i = 0; i < 40; i++) if (await mayPass(some, "|=", ` ${id(900_000 + i)} `)) passed++;
  expect(passed).toBeLessThan(12);
  const absent = "777123456789";
  expect(await mayPass(some, "|=", `t ${absent} t`)).toBe(false);
  expect(await mayPass(some, "|=", absent)).toBe(false);
  expect(await mayPass(some, "|~", `took|${absent}`)).toBe(true);
  expect(await mayPass(some, "|~", `^req.* ${absent} .*ms$`)).toBe(false);
  expect(await mayPass(some, "!=", absent)).toBe(true);
});

test("a piece of a word is never told to be absent where longer words may have it", async () => {
  const whole = id(11);
  expect(await mayPass(some, "|=", whole.slice(1))).toBe(true);
  expect(await mayPass(some, "|=", whole.slice(0, -1))).toBe(true);
  expect(await mayPass(some, "|=", `request ${whole.slice(0, 9)}`)).toBe(true);
  expect(await mayPass([...some, `x${id(5)}y`], "|=", id(5))).toBe(true);
  expect(await mayPass(["no template 12ab34cd56"], "|=", "ab34cd")).toBe(true);
});

test("other readers of Parquet do not see the index, and it takes at most 0.6 bytes a line", async () => {
  const many = Array.from({ length: 20_000 }, (_, i) => `r ${id(i)} took ${i}`);
  const file = await writeLogsFile(folder, [createLineMiner().mine(lines("x", many))]);
  const engine = await DuckDBInstance.create(":memory:");
  const connection = await engine.connect();
  const count = await connection.runAndReadAll(
    `SELECT count(*)::INTEGER, count(DISTINCT ts)::INTEGER FROM read_parquet('${file.path}')`,
  );
  expect(count.getRowsJS()).toEqual([[20_000, new Set(many.map((_, i) => id(i))).size]]);
  const pairs = await connection.runAndReadAll(
    `SELECT decode(value) FROM parquet_kv_metadata('${file.path}') WHERE decode(key) = 'lapwing_search'`,
  );
  const place = pairs.getRowsJS()[0]?.[0];
  if (typeof place !== "string") throw new Error("the file names no place of an index");
  const [, length] = place.split(" ").map(Number);
  expect(length).toBeGreaterThan(5_000);
  expect(length).toBeLessThan(0.6 * 20_000);
  connection.closeSync();
});
