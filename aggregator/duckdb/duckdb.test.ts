import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duckdb } from "./duckdb.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-duckdb-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = {
  memoryBytes: 64 * 1_024 ** 2,
  threads: 1,
  connectionsMax: 2,
  temporaryFolder: join(folder, "spill"),
};
/** What is wrong with what it was asked; undefined where nothing is. */
const failure = (duckdb: Duckdb) =>
  one(duckdb).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
const one = (duckdb: Duckdb) =>
  duckdb.use("count", async (connection) =>
    (await connection.runAndReadAll("SELECT 1")).getRowsJS(),
  );

test("a DuckDB is made once, by the first of those who use it at once, and serves more than it has connections", async () => {
  const duckdb = new Duckdb(options);
  const all = await Promise.all([1, 2, 3, 4, 5].map(() => one(duckdb)));
  expect(all).toEqual(Array.from({ length: 5 }, () => [[1]]));
  await duckdb.close();
});

test("one that can't be made refuses everybody who waits, and nobody waits for ever", async () => {
  const duckdb = new Duckdb({ ...options, threads: -1 });
  const all = await Promise.allSettled([1, 2, 3, 4].map(() => one(duckdb)));
  expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => "rejected"));
  expect(String(await failure(duckdb))).toContain("count");
  await duckdb.close();
});

test("a closed one is refused, used before or not", async () => {
  const [used, unused] = [new Duckdb(options), new Duckdb(options)];
  await one(used);
  await Promise.all([used.close(), unused.close()]);
  for (const duckdb of [used, unused])
    expect(await failure(duckdb)).toMatchObject({ code: "unavailable" });
});
