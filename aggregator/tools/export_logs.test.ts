import { afterAll, expect, test } from "bun:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLineMiner } from "#test/support/mining.ts";
import { lineConditions } from "../log_pipeline/line_conditions.ts";
import { StoreConfig } from "../blocks/config.ts";
import { exportLogs } from "./export_logs.ts";
import { withStorage } from "./storage_tools.ts";
import { cutOf, lines, openTestStore } from "../read/store.fixture.ts";

const dataDir = mkdtempSync(join(tmpdir(), "lapwing-export-logs-"));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const store = await openTestStore(dataDir, { deletion: { cancel_period: "1d" } });
const miner = createLineMiner();
const commit = (k: number, app: string, texts: readonly string[]) =>
  store.commit(cutOf({ logs: miner.mine(lines(app, texts, 10 * k)) }, k), () => {});
await commit(1, "x", ["user 1 in", "user 2 in", 'quote " 3']);
await commit(2, "y", ["user 4 in"]);
await commit(3, "x", ["user 5 in", "secret 6"]);
await store.delete(
  {
    signal: "logs",
    query: "",
    tenant: "t",
    selectors: [[]],
    lineFilters: [{ op: "|=", values: ["secret"] }],
    startMs: 0,
    endMs: 1e9,
  },
  "x",
);
await store.close();

async function exported(format: "parquet" | "jsonl", query: string, startMs = 0, endMs = 1e9) {
  const output = join(dataDir, `out.${format}`);
  const request = { ...lineConditions(query), tenant: "t", startMs, endMs, format, output };
  const records = await withStorage(StoreConfig.parse({}), dataDir, "read", (tools) =>
    exportLogs(tools, request),
  );
  expect(readdirSync(dataDir).filter((name) => name.endsWith(".partial"))).toEqual([]);
  return { records, output };
}

test("export as JSON lines is cut to streams, lines and time, without what is deleted", async () => {
  const { records, output } = await exported("jsonl", '{app="x"} != "user 2"', 0, 31);
  const read: unknown[] = readFileSync(output, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(records).toBe(3);
  expect(read).toEqual([
    { timestamp: "10000000", stream: { app: "x" }, severity: 0, body: "user 1 in" },
    { timestamp: "12000000", stream: { app: "x" }, severity: 0, body: 'quote " 3' },
    { timestamp: "30000000", stream: { app: "x" }, severity: 0, body: "user 5 in" },
  ]);
});

test("export as Parquet is a row a record, and a file also where nothing matches", async () => {
  const engine = await DuckDBInstance.create(":memory:");
  const connection = await engine.connect();
  const rows = async (path: string) => {
    const result = await connection.runAndReadAll(
      `SELECT timestamp::VARCHAR AS t, stream, body FROM read_parquet('${path}')`,
    );
    return result.getRowsJS();
  };
  const some = await exported("parquet", '{app=~"x|y"} |~ "user [45]"');
  expect(some.records).toBe(2);
  expect(await rows(some.output)).toEqual([
    ["30000000", '{"app":"x"}', "user 5 in"],
    ["20000000", '{"app":"y"}', "user 4 in"],
  ]);
  const none = await exported("parquet", '{app="z"}');
  expect([none.records, await rows(none.output)]).toEqual([0, []]);
  connection.closeSync();
});
