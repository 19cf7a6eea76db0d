import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlRows } from "#proto/columns/sql_rows.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { cutContentOf } from "../read/cut_content.ts";
import { cutOf, gauge, lines, openTestStore } from "../read/store.fixture.ts";
import type { Store } from "../read/store.ts";
import { createLineMiner } from "#test/support/mining.ts";
import { linesBatch } from "#test/support/lines_batch.ts";
import { logPartsOf } from "../head/log_parts.ts";
import type { LogPart } from "../read/log_parts.ts";
import type { SeriesSamples } from "../read/source.ts";
import { createSqlEngine, type SqlEngine } from "./sql.ts";

const dataDir = mkdtempSync(join(tmpdir(), "lapwing-sql-"));
const head: { samples: SeriesSamples[]; parts: LogPart[] } = { samples: [], parts: [] };
let store: Store | undefined;
let engine: SqlEngine | undefined;
/** As the other, but it does not wait for long. */
let hasty: SqlEngine | undefined;

const limits = {
  // Of the machine's time, whatever else it does: a worker is started, and memory may come slowly.
  timeoutMs: 50_000,
  rowsMax: 100,
  resultBytesMax: 1_024 ** 2,
  runningMax: 4,
  waitingMax: 8,
  memoryBytes: 256 * 1_024 ** 2,
  threads: 2,
};

beforeAll(async () => {
  store = await openTestStore(dataDir, {});
  const metrics = [
    gauge("cpu", [1_000, 2_000, 3_000], [0.25, 0.5, 0.125], { mode: "idle" }),
    gauge("cpu", [1_000, 2_000], [7, 9], { mode: "user" }),
  ];
  await store.commit(cutOf({ metrics, logs: lines("app", ["one", "two"], 5) }, 1), () => {});
  head.samples = [gauge("cpu", [4_000], [-1.5], { mode: "idle" })];
  const recent = { ...linesBatch(["three"], { app: "new" }), severities: Uint8Array.of(9) };
  const batch = { ...recent, timestampsMs: Float64Array.of(7), nanos: Uint32Array.of(1) };
  const everything = { tenant: "default", matchers: [], lineFilters: [], startNs: 0n, endNs: 1n };
  head.parts = logPartsOf([{ batch, minMs: 7, maxMs: 7 }], {
    ...everything,
    direction: "forward",
    needs: { bodies: true, attributes: true },
  });
  const parts = {
    store,
    head: { selectSamples: () => head.samples, logParts: () => head.parts },
    clock: systemClock,
    metrics: createSelfMetrics(),
  };
  engine = await createSqlEngine(limits, { ...parts, folder: join(dataDir, "sql") });
  hasty = await createSqlEngine(
    { ...limits, timeoutMs: 2_000, runningMax: 1 },
    { ...parts, metrics: createSelfMetrics(), folder: join(dataDir, "hasty") },
  );
});
afterAll(async () => {
  await engine?.close();
  await hasty?.close();
  await store?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

type More = { signal?: AbortSignal; tenant?: string; from?: SqlEngine | undefined };

async function query(sql: string, { from = engine, ...more }: More = {}) {
  if (from === undefined) throw new Error("no engine");
  const { batches, ...rest } = await from.query({ tenant: "t", sql, ...more });
  const kinds = rest.columns.map(({ kind }) => kind);
  return { ...rest, rows: batches.flatMap((batch) => sqlRows(kinds, batch)) };
}

const refusal = (sql: string, more: More = {}) =>
  query(sql, more).then(
    () => "accepted",
    (error: unknown) => error,
  );

test("query() sees samples of blocks and head with their values", async () => {
  const { columns, rows } = await query(
    `SELECT epoch_ms(timestamp)::INTEGER AS ms, value FROM metrics
     WHERE name = 'cpu' AND labels['mode'] = 'idle' ORDER BY ms`,
  );
  expect(columns).toEqual([
    { name: "ms", type: "INTEGER", kind: "number" },
    { name: "value", type: "DOUBLE", kind: "number" },
  ]);
  expect(rows).toEqual([
    [1_000, 0.25],
    [2_000, 0.5],
    [3_000, 0.125],
    [4_000, -1.5],
  ]);
});

test("query() sees records of blocks and head", async () => {
  const { rows } = await query(
    "SELECT timestamp, stream['app'], severity, body FROM logs ORDER BY timestamp",
  );
  expect(rows.map(([, app, severity, body]) => [app, severity, body])).toEqual([
    ["app", 0, "one"],
    ["app", 0, "two"],
    ["new", 9, "three"],
  ]);
  expect(rows[2]?.[0]).toBe("1970-01-01 00:00:00.007000001");
});

test("query() shows nothing of another tenant", async () => {
  head.samples = [];
  head.parts = [];
  expect((await query("SELECT * FROM metrics", { tenant: "other" })).rows).toEqual([]);
  expect((await query("SELECT * FROM logs", { tenant: "other" })).rows).toEqual([]);
});

test("query() says when it cut the rows", async () => {
  const { rows, truncated } = await query("SELECT * FROM range(101)");
  expect([rows.length, truncated]).toEqual([100, true]);
  expect((await query("SELECT * FROM range(100)")).truncated).toBe(false);
});

test("query() cuts lines that are still being made, time and again", async () => {
  const words = Array.from({ length: 9_000 }, (_, i) => `user ${i} from 10.0.${i % 200}.${i % 7}`);
  const logs = createLineMiner().mine(lines("many", words, 9_000));
  const tenant = "many";
  const content = cutContentOf({ logs: new Map([[tenant, [logs]]]) });
  await store?.commit({ ...cutOf({}, 2), content }, () => {});
  for (let turn = 0; turn < 3; turn++) {
    const { rows, truncated } = await query("SELECT body FROM logs WHERE body LIKE 'user%'", {
      tenant,
    });
    expect([rows.length, truncated]).toEqual([100, true]);
  }
  // Rows in another order than that of the files.
  const { rows } = await query(
    "SELECT body FROM logs WHERE template LIKE 'user%' ORDER BY md5(timestamp::VARCHAR || body) LIMIT 50",
    { tenant },
  );
  for (const [body] of rows) expect(words).toContain(String(body));
  const all = await query(
    "SELECT count(DISTINCT body), count(body) FROM logs WHERE template <> ''",
    { tenant },
  );
  expect(all.rows).toEqual([["9000", "9000"]]);
}, 20_000);

const hostile = [
  "COPY (SELECT 1) TO '/tmp/lapwing-hostile.csv'",
  "COPY metrics TO '/tmp/lapwing-hostile.parquet'",
  "ATTACH '/tmp/lapwing-hostile.db'",
  "INSTALL httpfs",
  "LOAD httpfs",
  "SELECT * FROM read_csv('/etc/passwd')",
  "SELECT * FROM read_text('/etc/passwd')",
  "SELECT * FROM READ_BLOB('/etc/passwd')",
  "SELECT * FROM '/etc/passwd'",
  `SELECT * FROM "/etc/passwd"`,
  "SELECT * FROM glob('/*')",
  "SELECT * FROM (WITH \"/etc/passwd\" AS (SELECT 1) SELECT 1), '/etc/passwd'",
  "SELECT (SELECT count(*) FROM read_parquet('/tmp/*.parquet'))",
  "SELECT * FROM metrics WHERE value IN (SELECT 1 FROM sniff_csv('/etc/passwd'))",
  "SELECT * FROM query('SELECT 1')",
  "SELECT * FROM query_table('metrics')",
  "SELECT * FROM duckdb_settings()",
  "SELECT * FROM information_schema.tables",
  "SELECT * FROM pg_catalog.pg_class",
  "SELECT * FROM sqlite_master",
  "SELECT getenv('HOME')",
  "SELECT Lapwing_Line(0, 0)",
  "SELECT current_setting('memory_limit')",
  "PRAGMA database_list",
  "SET memory_limit = '100GB'",
  "RESET lock_configuration",
  "CALL pragma_version()",
  "CREATE TABLE x (a INT)",
  "DROP VIEW metrics",
  "INSERT INTO metrics VALUES (1)",
  "EXPORT DATABASE '/tmp/lapwing-hostile'",
  "SHOW TABLES",
  "SELECT 1; SELECT 2",
  "SELECT 1; COPY (SELECT 1) TO '/tmp/lapwing-hostile.csv'",
  "",
  "SELECT nonsense FROM",
];
for (const sql of hostile)
  test(`query() refuses ${JSON.stringify(sql)}`, async () => {
    expect(await refusal(sql)).toMatchObject({ code: "bad_request" });
  });

test("query() stops what takes too long, what is cancelled, and what takes too much memory", async () => {
  const endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000) c";
  const stop = new AbortController();
  const stopped = refusal(endless, { signal: stop.signal });
  stop.abort();
  expect(await stopped).toMatchObject({ code: "cancelled" });
  expect(await refusal("SELECT list(a.range) FROM range(300000000) a")).toMatchObject({
    code: "overloaded",
  });
  const slow = await refusal(endless, { from: hasty });
  expect(slow).toMatchObject({ code: "timeout" });
});

test("query() answers again after all that", async () => {
  expect((await query("SELECT 1 AS one")).rows).toEqual([[1]]);
});
