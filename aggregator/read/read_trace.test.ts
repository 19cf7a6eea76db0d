import { afterAll, expect, test } from "bun:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ReadTrace } from "./read_trace.ts";
import { logTraceJson, traceJson } from "../query/trace_json.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

const block = (id: string, bytes: number, bucketMs?: number) => ({
  id,
  key: `tenant=t/signal=metrics/date=d/${id}.parquet`,
  bytes,
  items: 1,
  ...(bucketMs === undefined ? {} : { bucketMs }),
});

test("traceJson() sums blocks by resolution, each once, and tells those read from those kept in memory", () => {
  const trace = new ReadTrace([{ name: "__name__", op: "=", value: "a" }], 1_000, 2_000);
  const [a, b, c, tier] = [block("a", 10), block("b", 20), block("c", 40), block("t", 5, 60_000)];
  trace.wants([a, b, c]);
  trace.opens([a, b], ({ id }) => id === "a");
  trace.opens([b, tier], () => true);
  trace.headSeries = 2;
  const answer = traceJson([trace], "/blocks");
  expect(answer).toMatchObject({
    blocksLookedAt: 4,
    blocksOpened: 3,
    blocksFromMemory: 1,
    fileBytes: 35,
    downloadedBytes: 20,
    headSeries: 2,
  });
  expect(answer.selectors[0]?.resolutions).toEqual([
    { bucketMs: 0, blocks: 3, opened: 2, fromMemory: 1, fileBytes: 30, downloadedBytes: 20 },
    { bucketMs: 60_000, blocks: 1, opened: 1, fromMemory: 0, fileBytes: 5, downloadedBytes: 0 },
  ]);
  expect(logTraceJson([trace])).toMatchObject({ blocksLookedAt: 4, blocksOpened: 3 });
  const nothing = traceJson([new ReadTrace([], 0, 1)], "/blocks");
  expect(nothing.selectors[0]).toMatchObject({ resolutions: [], parquetSql: "" });
});

test("the SQL of a trace gives the samples of its selector and time, whatever is in names and values", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-trace-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  cleanups.push(async () => connection.closeSync());
  const file = join(folder, "it's.parquet");
  // Two chunks as docs/formats/parquet.md has them: plain values, and differences.
  await connection.run(`COPY (
    SELECT 'a' AS name, '{"it''s":"x\\ny","b.c":"1"}' AS labels, 1000::BIGINT AS t_min,
      3000::BIGINT AS t_max, 0::DOUBLE AS v_divisor, [0, 1000, 2000]::UINTEGER[] AS t,
      [1.5, 2.5, 3.5] AS v
    UNION ALL SELECT 'b', '{}', 1000, 3000, 1, [0, 1000, 2000],
      [4503599627370498, 4503599627370497, 4503599627370497]
  ) TO '${file.replaceAll("'", "''")}' (FORMAT parquet)`);
  const ask = async (trace: ReadTrace) => {
    trace.wants([{ ...block("x", 1), key: "it's.parquet" }]);
    const sql = traceJson([trace], folder).selectors[0]?.parquetSql ?? "";
    const result = await connection.runAndReadAll(sql);
    return result.getRowsJson().map((row) => row[3]);
  };
  const label = { name: "it's", op: "=", value: "x\ny" } as const;
  const dotted = { name: "b.c", op: "=~", value: "1|2" } as const;
  expect(await ask(new ReadTrace([label, dotted], 1_000, 2_000))).toEqual([1.5, 2.5]);
  const absent = { name: "b.c", op: "=", value: "" } as const;
  const other = { name: "__name__", op: "!~", value: "a.*" } as const;
  expect(await ask(new ReadTrace([absent, other], 2_000, 9_000))).toEqual([3, 4]);
  expect(await ask(new ReadTrace([{ ...label, op: "!=" }, dotted], 0, 9_000))).toEqual([]);
});
