import { afterEach, beforeEach, expect, test } from "bun:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { SQL } from "bun";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogsBatch } from "#shared/model/logs.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { recordConditions } from "../log_pipeline/line_conditions.ts";
import { StoreConfig } from "./config.ts";
import { rebuildCatalog } from "../tools/rebuild_catalog.ts";
import { withStorage } from "../tools/storage_tools.ts";
import { cutOf, lines, openTestStore } from "../read/store.fixture.ts";
import type { Deletion, Store } from "../read/store.ts";
import { streamLists } from "../query/stream_lists.ts";
import { removedOf } from "./removed.fixture.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "lapwing-delete-logs-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const day = 86_400_000;
const everything = {
  tenant: "t",
  matchers: [],
  lineFilters: [],
  startNs: 0n,
  endNs: 10n ** 18n,
  limit: 1_000,
  direction: "forward" as const,
};
const span = { tenant: "t", selectors: [], startMs: 0, endMs: 1e12 };
const tokens: Deletion = {
  signal: "logs",
  tenant: "t",
  selectors: [[{ name: "app", op: "=", value: "x" }]],
  lineFilters: [{ op: "|=", values: ["token"] }],
  query: '{app="x"} |= "token"',
  startMs: 0,
  endMs: 1_000,
};

const open = (config = {}, options = {}) =>
  openTestStore(dataDir, { delete_after: "0s", ...config }, options);

async function commit(store: Store, k: number, logs: LogsBatch): Promise<void> {
  await store.commit(cutOf({ logs }, k), () => {});
}

const rule = (selector: string, retention: string, priority = 0) => ({
  selector,
  retention,
  priority,
});

const parse = (selector: string) =>
  StoreConfig.safeParse({ retention: { log_streams: [{ selector, retention: "1d" }] } });

async function bodies(store: Store): Promise<string[]> {
  return (await store.view().logs.select(everything)).map(({ body }) => body);
}

/** What any engine finds in the files. */
async function inFiles(): Promise<string[]> {
  const engine = await DuckDBInstance.create(":memory:");
  const connection = await engine.connect();
  const files = `'${dataDir}/blocks/**/*.parquet'`;
  const result = await connection.runAndReadAll(`SELECT body FROM read_parquet(${files})`);
  connection.closeSync();
  return result.getRowsJS().flat().map(String).toSorted();
}

const items = (store: Store) => store.view().blocks.reduce((sum, block) => sum + block.items, 0);

test("delete() of log records hides at once from queries, streams and files, and takes out of the Parquet in maintenance", async () => {
  const store = await open();
  await commit(store, 1, lines("x", ["token 1", "kept 1"]));
  await commit(store, 2, lines("y", ["token 2"], 5));
  await commit(store, 3, lines("x", ["token 3"], 9));
  await commit(store, 4, lines("x", ["token 4"], 2_000));
  const before = store.view();
  expect(await store.delete({ ...tokens, query: '{app="x"} |= "token"' }, "ann")).toBe(3);
  const left = ["kept 1", "token 2", "token 4"];
  expect(await bodies(store)).toEqual(left);
  expect(await before.logs.select(everything)).toHaveLength(5);
  const narrow = {
    ...span,
    endMs: 100,
    selectors: [[{ name: "app", op: "=" as const, value: "x" }]],
  };
  expect(
    await streamLists((some, visit) => store.view().logs.eachStream(some, visit)).series({
      ...narrow,
      startMs: 9,
    }),
  ).toEqual([]);
  const blocks = store.view().blocks;
  const files = await store.view().files(blocks);
  expect(files.paths).toHaveLength(4);
  files.release();
  expect(await inFiles()).toContain("token 1");
  const [request] = await store.deletionRequests("t");
  expect(request).toMatchObject({ actor: "ann", status: "received", removed: 0, endMs: 1_000 });

  await store.maintain();
  expect(await bodies(store)).toEqual(left);
  await store.maintain();
  expect(await inFiles()).toEqual(left);
  expect(await store.deletionRequests("t")).toMatchObject([{ status: "processed", removed: 2 }]);
  expect(await removedOf(store, "t")).toEqual({ logs: { deleted: 2 } });
  // What was stored is in blocks, or counted as deleted.
  expect(items(store) + 2).toBe(5);
  await commit(store, 5, lines("x", ["token of later"], 20));
  expect(await bodies(store)).toContain("token of later");
  await store.close();
});

test("a deletion goes by parsed labels, patterns and addresses, and outlives a restart and the loss of the catalog", async () => {
  const texts = [
    '{"user":"ann","ms":12}',
    '{"user":"ann","ms":900}',
    '{"user":"bob","ms":950}',
    "no json, ms=900",
    "from 10.0.0.7 to the end",
    "from 10.9.0.7 to the end",
  ];
  const waiting = { deletion: { cancel_period: "30d" } };
  let store = await open(waiting);
  await commit(store, 1, lines("x", texts));
  await commit(store, 2, lines("y", texts));
  const queries = [
    '{app="x"} | json | user="ann" | ms > 100',
    '{app="x"} |> "<_> 10.0.<_> to <_>"',
    '{app="y"} |= ip("10.9.0.0/16")',
    '{app="y"} | logfmt ms | ms="900"',
  ];
  for (const query of queries) {
    const { matchers, lineFilters } = recordConditions(query);
    const deletion = { ...tokens, selectors: [matchers], lineFilters, logql: query };
    expect(await store.delete({ ...deletion, query }, "ann")).toBe(2);
  }
  const [ann12 = "", , bob = "", none = "", first = "", second = ""] = texts;
  const left = [ann12, bob, none, second, ann12, texts[1] ?? "", bob, first].toSorted();
  expect((await bodies(store)).toSorted()).toEqual(left);
  await store.close();
  for (const end of ["", "-wal", "-shm"])
    rmSync(join(dataDir, `catalog.db${end}`), { force: true });
  await withStorage(StoreConfig.parse({}), dataDir, "write", rebuildCatalog);
  store = await open(waiting);
  expect((await bodies(store)).toSorted()).toEqual(left);
  await store.close();
  store = await open();
  await store.maintain();
  await store.maintain();
  expect(await inFiles()).toEqual(left);
  expect(await removedOf(store, "t")).toEqual({ logs: { deleted: 4 } });
  await store.close();
});

async function rewriteQueries(logql: string): Promise<void> {
  const sql = new SQL(`sqlite://${dataDir}/catalog.db`);
  await sql`UPDATE tombstones SET logql = ${logql} WHERE logql IS NOT NULL`;
  await sql.close();
}

test("a deletion whose query can't be read any more stops nothing, is told of, and waits", async () => {
  const query = '{app="x"} | json | user="ann"';
  let store = await open({ deletion: { cancel_period: "30d" } });
  for (const k of [1, 2]) await commit(store, k, lines("x", ['{"user":"ann"}', `kept ${k}`], k));
  const { matchers, lineFilters } = recordConditions(query);
  const deletion = { ...tokens, selectors: [matchers], lineFilters, logql: query };
  expect(await store.delete({ ...deletion, query }, "ann")).toBe(2);
  await store.delete({ ...tokens, query: '{app="x"} |= "token"' }, "ann");
  await store.close();
  await rewriteQueries('{app="x"} | a_stage_of_old');

  const told: unknown[] = [];
  const metrics = createSelfMetrics();
  const log = { ...createLogger("error"), error: (...of: unknown[]) => void told.push(of) };
  store = await open({ compaction: { interval: "1d", blocks_max: 2 } }, { metrics, log });
  expect(await bodies(store)).toHaveLength(4);
  const fault = expect.stringContaining("syntax error");
  expect(await store.deletionRequests("t")).toMatchObject([
    { query, status: "received", fault },
    {},
  ]);
  expect((await store.deletionRequests("t"))[1]).not.toHaveProperty("fault");
  expect(told).toEqual([[expect.any(String), { deletion: expect.any(String), error: fault }]]);
  expect(await metrics.text()).toContain("lapwing_store_unreadable_deletions 1");
  // Blocks are merged all the same: what comes of them inherits the deletion.
  await store.maintain();
  expect(store.view().blocks).toHaveLength(1);
  expect(await bodies(store)).toHaveLength(4);
  await store.close();

  await rewriteQueries(query);
  store = await open();
  expect((await bodies(store)).toSorted()).toEqual(["kept 1", "kept 2"]);
  await store.maintain();
  expect(await inFiles()).toEqual(["kept 1", "kept 2"]);
  expect(await store.deletionRequests("t")).toMatchObject([
    { status: "processed", removed: 2 },
    {},
  ]);
  await store.close();
});

test("a deletion is taken back while its period runs, and no more when its records are being removed", async () => {
  let nowMs = day;
  const clock = () => nowMs;
  const store = await openTestStore(
    dataDir,
    { delete_after: "0s", deletion: { cancel_period: "1h" } },
    { now: clock },
  );
  await commit(store, 1, lines("x", ["token 1", "kept"]));
  await store.delete({ ...tokens, query: "q" }, "ann");
  await store.maintain();
  expect(await bodies(store)).toEqual(["kept"]);
  const [first] = await store.deletionRequests("t");
  expect(await store.cancelDeletion(first?.id ?? "", "other", "ann")).toBe(false);
  expect(await store.cancelDeletion(first?.id ?? "", "t", "ann")).toBe(true);
  expect(await bodies(store)).toEqual(["token 1", "kept"]);
  expect(await store.deletionRequests("t")).toEqual([]);

  await store.delete({ ...tokens, query: "q" }, "ann");
  const [second] = await store.deletionRequests("t");
  nowMs += 3_600_000;
  await store.maintain();
  expect(await store.cancelDeletion(second?.id ?? "", "t", "ann")).toBe(false);
  expect(await bodies(store)).toEqual(["kept"]);
  await store.close();
});

test("a deletion that waits outlives a merge, a restart and the loss of the catalog", async () => {
  const waiting = {
    deletion: { cancel_period: "30d" },
    compaction: { interval: "1d", blocks_max: 1 },
  };
  let store = await open(waiting);
  for (let k = 1; k <= 4; k++) await commit(store, k, lines("x", [`token ${k}`, `kept ${k}`], k));
  await store.delete({ ...tokens, query: "q" }, "ann");
  await store.maintain();
  expect(store.view().blocks).toHaveLength(1);
  const left = ["kept 1", "kept 2", "kept 3", "kept 4"];
  expect(await bodies(store)).toEqual(left);
  await store.close();
  for (const end of ["", "-wal", "-shm"])
    rmSync(join(dataDir, `catalog.db${end}`), { force: true });
  await withStorage(StoreConfig.parse({}), dataDir, "write", rebuildCatalog);
  store = await open(waiting);
  expect(await bodies(store)).toEqual(left);
  await store.close();
  store = await open();
  await store.maintain();
  await store.maintain();
  expect(await inFiles()).toEqual(left);
  await store.close();
});

test("retention: rules of streams take out of blocks what others of them keep, by priority and tenant", async () => {
  const retention = {
    logs: "10d",
    log_streams: [rule('{app=~"a|b"}', "1d"), rule('{app="b"}', "5d", 2), rule('{app="c"}', "20d")],
    tenants: { other: { logs: "1h" } },
  };
  const all = lines("a", ["of a"]);
  const streams = ["a", "b", "c", "d"].map((app) => ({ app }));
  const batch = { ...all, ...lines("", ["of a", "of b", "of c", "of d"]), streams };
  const logs = { ...batch, streamOf: Uint32Array.of(0, 1, 2, 3) };
  const expected = [
    [2, ["of b", "of c", "of d"], { retention: 1 }],
    [6, ["of c", "of d"], { retention: 2 }],
    [11, ["of c"], { retention: 3 }],
    [21, [], { retention: 4 }],
  ] as const;
  let store = await open({ retention }, { nowMs: 0.5 * day });
  await commit(store, 1, logs);
  await store.maintain();
  expect(await bodies(store)).toHaveLength(4);
  await store.close();
  for (const [days, left, removed] of expected) {
    store = await open({ retention }, { nowMs: days * day });
    await store.maintain();
    expect(await bodies(store)).toEqual([...left]);
    expect((await removedOf(store, "t")).logs ?? {}).toEqual({ ...removed });
    await store.close();
  }
});

test("a rule with a bad selector names what was expected", () => {
  expect(parse('{app="x"}').success).toBe(true);
  for (const bad of ["app", '{app="x"', '{app=~"("}', '{app="x"} |= "y"'])
    expect(parse(bad).error?.issues[0]).toMatchObject({
      path: ["retention", "log_streams", 0, "selector"],
      message: expect.stringContaining("expected a selector of streams"),
    });
});
