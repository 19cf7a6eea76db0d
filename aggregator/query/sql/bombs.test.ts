import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlRows } from "#proto/columns/sql_rows.ts";
import { OperatingError } from "#shared/errors.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { processResidentBytes } from "#test/support/lapwing_process.ts";
import { sqlWorkers, untilSqlRuns } from "#test/support/sql_workers.ts";
import { openTestStore } from "../../read/store.fixture.ts";
import type { Store } from "../../read/store.ts";
import { QueryMemory, currentShare } from "../../read/memory/query_memory.ts";
import { type SqlEngine, createSqlEngine } from "../sql.ts";

// Short statements that ask for gigabytes or hours. Each ends with an answer or a refusal, in a process that stays small.

const mebibyte = 1_024 ** 2;
const memoryBytes = 64 * mebibyte;
/** What Bun and DuckDB take, DuckDB's limit, and what a process may have beside. */
const workerBytesMax = 110 * mebibyte + memoryBytes + 256 * mebibyte;
/** What this process may grow by; results are at most 16 MiB. */
const growthMax = 200 * mebibyte;

const folder = mkdtempSync(join(tmpdir(), "lapwing-sql-bombs-"));
let store: Store | undefined;
/** One whose queries have time enough for what takes memory, and one for what takes time. */
let patient: SqlEngine | undefined;
let hasty: SqlEngine | undefined;

async function open(name: string, timeoutMs: number, runningMax: number): Promise<SqlEngine> {
  store ??= await openTestStore(folder, {});
  return createSqlEngine(
    {
      timeoutMs,
      rowsMax: 10_000,
      resultBytesMax: 4 * mebibyte,
      runningMax,
      waitingMax: 2,
      memoryBytes,
      threads: 2,
    },
    {
      store,
      head: { selectSamples: () => [], logParts: () => [] },
      clock: systemClock,
      metrics: createSelfMetrics(),
      folder: join(folder, name),
    },
  );
}

beforeAll(async () => {
  patient = await open("patient", 30_000, 2);
  hasty = await open("hasty", 1_000, 4);
});
afterAll(async () => {
  await patient?.close();
  await hasty?.close();
  await store?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(sql: string, engine = patient, signal?: AbortSignal) {
  if (engine === undefined) throw new Error("no engine");
  const { batches, ...rest } = await engine.query({ tenant: "t", sql, ...(signal && { signal }) });
  const kinds = rest.columns.map(({ kind }) => kind);
  return { ...rest, rows: batches.flatMap((batch) => sqlRows(kinds, batch)) };
}

/** "answered", or the code and message of the refusal. */
const outcome = (sql: string, engine?: SqlEngine, signal?: AbortSignal) =>
  ask(sql, engine, signal).then(
    () => ({ code: "answered", message: "" }),
    (error: unknown) => {
      if (error instanceof OperatingError) return { code: error.code, message: error.message };
      throw error;
    },
  );

const ladder = Array.from({ length: 40 }, (_, i) =>
  i === 0
    ? "t0 AS (SELECT * FROM range(10) r(x))"
    : `t${i} AS (SELECT a.x FROM t${i - 1} a, t${i - 1} b)`,
);
/** Refused for their memory. */
const memoryBombs = [
  "SELECT length(range(2000000000))",
  "SELECT length(repeat('x', 4000000000))",
  "SELECT max(length(s)) FROM (SELECT repeat('x', 1000000) || i AS s FROM range(100000) t(i) ORDER BY s)",
  "SELECT length(printf('%2000000000d', 1))",
  "SELECT length(format('{:>2000000000}', 1))",
  "SELECT list_sort(range(500000000))[1]",
  "SELECT mode(i) FROM range(1000000000) t(i)",
  "SELECT median(i) FROM range(1000000000) t(i)",
  "SELECT damerau_levenshtein(repeat('a', 60000), repeat('b', 60000))",
  "SELECT string_agg(repeat('x', 1000)) FROM range(1000000)",
  "SELECT list(i) FROM range(300000000) t(i)",
  `WITH ${ladder.join(", ")} SELECT count(*) FROM t39`,
  "WITH RECURSIVE r(n, s) AS (SELECT 1, 'x' UNION ALL SELECT n + 1, s || s FROM r) SELECT max(length(s)) FROM r",
  "SELECT unnest(generate_series(1, 2000000000))",
];
/** Ended at the latest when their time is up. */
const timeBombs = [
  "SELECT length(repeat(repeat('x', 100000), 100000))",
  "SELECT length(rpad('x', 2000000000, 'y'))",
  "SELECT length(lpad('x', 2000000000, 'y'))",
  "SELECT length(bitstring('1', 2000000000))",
  "SELECT histogram(i) FROM range(100000000) t(i)",
  "SELECT levenshtein(repeat('a', 100000), repeat('b', 100000))",
  `SELECT repeat('a', 100000) GLOB '${"*a".repeat(30)}b'`,
  "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
  "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000) c",
  "SELECT regexp_extract_all(repeat('ab', 10000000), '(a)(b)')",
  "SELECT string_split(repeat('a,', 100000000), ',')",
  "SELECT range(30000000)",
];

const workers = () => sqlWorkers(process.pid);
const untilBusy = (count: number) => untilSqlRuns(process.pid, count);

/** 0 where it has just ended. */
function rssOf(pid: number): number {
  try {
    return processResidentBytes(pid);
  } catch {
    return 0;
  }
}

/** Runs all, `atOnce` at a time; gives how each ended. */
async function attack(bombs: readonly string[], atOnce: number, engine?: SqlEngine) {
  const left = [...bombs];
  const ends: { readonly code: string; readonly message: string }[] = [];
  const one = async () => {
    for (let sql = left.shift(); sql !== undefined; sql = left.shift())
      ends.push(await outcome(sql, engine));
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return ends;
}

test("what SQL takes counts with all queries, and is ended for one that began before", async () => {
  const memory = new QueryMemory({ bytesMax: 100 * mebibyte });
  const never = new AbortController().signal;
  const other = Promise.withResolvers<void>();
  const before = memory.run(never, () => {
    currentShare()?.hold(60 * mebibyte);
    return other.promise;
  });
  // Its list lies outside of what DuckDB limits.
  const { code, message } = await memory.run(never, () => outcome("SELECT range(30000000)"));
  expect(code).toBe("overloaded");
  expect(message).toContain("of query.memory_max");
  other.resolve();
  await before;
  expect(memory.bytes).toBe(0);
}, 60_000);

test("bombs end in a refusal, in processes that stay under their limit", async () => {
  const before = process.memoryUsage.rss();
  let workerBytes = 0;
  let ownBytes = 0;
  const watch = setInterval(() => {
    workerBytes = Math.max(workerBytes, ...workers().map(rssOf));
    ownBytes = Math.max(ownBytes, process.memoryUsage.rss());
  }, 25);
  try {
    const ends = await attack(memoryBombs, 2);
    expect(ends.filter(({ code }) => code !== "overloaded")).toEqual([]);
    expect(ends.length).toBe(memoryBombs.length);
    const late = await attack(timeBombs, 4, hasty);
    const codes = new Set(["bad_request", "overloaded", "timeout"]);
    expect(late.filter(({ code }) => !codes.has(code))).toEqual([]);
    const timeouts = late.filter(({ code }) => code === "timeout");
    expect(timeouts.length).toBeGreaterThan(3);
    for (const { message } of timeouts) expect(message).toContain("query.sql.timeout");
  } finally {
    clearInterval(watch);
  }
  expect(workerBytes).toBeGreaterThan(memoryBytes);
  expect(workerBytes).toBeLessThan(workerBytesMax);
  expect(ownBytes - before).toBeLessThan(growthMax);
}, 120_000);

test("a statement that can't be interrupted is killed, and its place is free again", async () => {
  const stop = new AbortController();
  const stubborn = "SELECT levenshtein(repeat('a', 300000), repeat('b', 300000))";
  const both = [1, 2].map(() => outcome(stubborn, patient, stop.signal));
  await untilBusy(2);
  const next = ask("SELECT 42 AS answer");
  stop.abort();
  for (const end of await Promise.all(both)) expect(end.code).toBe("cancelled");
  expect((await next).rows).toEqual([[42]]);
}, 60_000);

test("queries run beside one that takes all it can get", async () => {
  const stop = new AbortController();
  const slow = outcome(
    "SELECT count(*) FROM range(1000000) a, range(1000000) b",
    patient,
    stop.signal,
  );
  await untilBusy(1);
  expect((await ask("SELECT 43 AS answer")).rows).toEqual([[43]]);
  stop.abort();
  expect((await slow).code).toBe("cancelled");
}, 60_000);

test("queries wait for a worker, and more than may wait are refused", async () => {
  const stop = new AbortController();
  const slow = "SELECT count(*) FROM range(1000000) a, range(1000000) b";
  const engine = await open("small", 30_000, 2);
  const ends = Array.from({ length: 6 }, () => outcome(slow, engine, stop.signal));
  const refused = await Promise.race(ends);
  expect(refused.code).toBe("overloaded");
  expect(refused.message).toContain("2 queries run and 2 wait already");
  stop.abort();
  const codes = (await Promise.all(ends)).map(({ code }) => code).toSorted();
  expect(codes).toEqual([...Array(4).fill("cancelled"), "overloaded", "overloaded"]);
  await engine.close();
}, 60_000);

test("a result is cut at its size, and one row that is too large is refused", async () => {
  const wide = await ask("SELECT repeat('x', 10000) AS x FROM range(1000)");
  expect(wide.truncated).toBe(true);
  expect(wide.rows.length).toBe(Math.floor((4 * mebibyte) / 10_005));
  expect(await outcome("SELECT repeat('x', 5000000) AS x")).toMatchObject({
    code: "bad_request",
    message: expect.stringContaining("query.sql.result_max"),
  });
});

test("values come back as numbers, booleans, texts and JSON", async () => {
  const { columns, rows } = await ask(
    `SELECT 1::INTEGER i, 9007199254740993 b, 1.5::DOUBLE d, 'NaN'::DOUBLE n, '-inf'::FLOAT f, true t, NULL::BOOLEAN u,
      'a"é' s, [1, 2] l, {'k': 1} o, MAP {'x': 'y'} m, 1.25::DECIMAL(5, 2) c, TIMESTAMP '2026-01-02 03:04:05' ts, '\\x00'::BLOB x`,
  );
  expect(rows).toEqual([
    [
      1,
      "9007199254740993",
      1.5,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      true,
      null,
      'a"é',
      [1, 2],
      { k: 1 },
      [{ key: "x", value: "y" }],
      "1.25",
      "2026-01-02 03:04:05",
      "\\x00",
    ],
  ]);
  expect(columns.map(({ type }) => type)).toContain("MAP(VARCHAR, VARCHAR)");
});

test("nothing is left behind", async () => {
  await patient?.close();
  await hasty?.close();
  expect(workers()).toEqual([]);
});
