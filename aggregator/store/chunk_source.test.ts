import { INTEGER } from "@duckdb/node-api";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatingError } from "#shared/errors.ts";
import type { ChunkSource } from "./chunk_source.ts";
import { Duckdb } from "./duckdb.ts";
import { fillColumn } from "./vectors.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-chunks-"));
const duckdb = await Duckdb.open({
  memoryBytes: 64 * 1_024 ** 2,
  threads: 2,
  connectionsMax: 3,
  temporaryFolder: join(folder, "spill"),
});
afterAll(() => {
  duckdb.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Numbers from 0, in chunks of some rows. */
function counting(rows: number, chunks: number, failAt = Infinity): ChunkSource {
  let chunk = 0;
  return {
    columns: [{ name: "i", type: INTEGER }],
    fill: (into) => {
      if (chunk === failAt) throw new OperatingError("corrupt", "the source gave up");
      into.rowCount = chunk < chunks ? rows : 0;
      if (chunk < chunks)
        fillColumn(
          into,
          0,
          Int32Array.from({ length: rows }, (_, i) => chunk * rows + i),
        );
      chunk++;
    },
  };
}

const listOf = (source: ChunkSource) =>
  duckdb.use("count", (connection) =>
    duckdb.chunks.lend(source, async (table) => {
      const reader = await connection.runAndReadAll(`SELECT i FROM ${table}`);
      return reader.getColumnsJS()[0] ?? [];
    }),
  );

test("lend() gives all rows in order, to several queries at a time", async () => {
  const lists = await Promise.all([
    listOf(counting(2_048, 5)),
    listOf(counting(3, 1)),
    listOf(counting(1, 0)),
  ]);
  for (const [i, length] of [10_240, 3, 0].entries())
    expect(lists[i]).toEqual(Array.from({ length }, (_, n) => n));
});

test("lend() throws what the source throws, and the connection serves the next query", async () => {
  const thrown = await listOf(counting(2_048, 5, 3)).catch((error: unknown) => error);
  expect(String(thrown)).toContain("the source gave up");
  expect(await listOf(counting(2, 2))).toEqual([0, 1, 2, 3]);
});
