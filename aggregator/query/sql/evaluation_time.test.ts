import { afterAll, expect, test } from "bun:test";
import { sqlRows } from "#proto/columns/sql_rows.ts";
import { gauge, lines } from "../../read/store.fixture.ts";
import { openSqlEngine } from "./sql_engine.fixture.ts";

const minuteMs = 60_000;
/** 2026-01-31 12:00. */
const noonMs = Date.UTC(2026, 0, 31, 12);
const times = Array.from({ length: 60 }, (_, i) => noonMs + i * minuteMs);
const values = times.map((_, i) => i);
const host = { host: "a" };
const opened = openSqlEngine({
  metrics: [gauge("queue", times, values, host), gauge("other", times, values)],
  logs: lines("app", ["one", "two"], noonMs + 5),
  recent: [gauge("queue", [noonMs + 60 * minuteMs, noonMs + 61 * minuteMs], [60, 61], host)],
});
afterAll(async () => (await opened).close());

async function rowsAt(sql: string, timeMs: number) {
  const { engine } = await opened;
  const { columns, batches } = await engine.query({ tenant: "t", sql, timeMs });
  const kinds = columns.map(({ kind }) => kind);
  return batches.flatMap((batch) => sqlRows(kinds, batch));
}

const readsAt = async (sql: string, timeMs = noonMs): Promise<unknown[][]> =>
  (await (await opened).engine.reads({ sql, timeMs })).map(({ view, names, startMs, endMs }) => [
    view,
    names,
    (startMs - noonMs) / minuteMs,
    (endMs - noonMs) / minuteMs,
  ]);

test("all functions of the clock give the evaluation's time", async () => {
  const timeMs = noonMs + 90.25 * minuteMs;
  const [row] = await rowsAt(
    `SELECT now()::VARCHAR, current_timestamp::VARCHAR, get_current_timestamp()::VARCHAR,
       transaction_timestamp()::VARCHAR, today()::VARCHAR, current_date::VARCHAR,
       localtimestamp::VARCHAR, current_localtimestamp()::VARCHAR, current_time::VARCHAR,
       get_current_time()::VARCHAR, localtime::VARCHAR, current_localtime()::VARCHAR,
       age(TIMESTAMP '2026-01-30 00:00:00')::VARCHAR,
       age(TIMESTAMP '2026-01-30', TIMESTAMP '2026-01-29')::VARCHAR`,
    timeMs,
  );
  const [instant, day] = ["2026-01-31 13:30:15", "2026-01-31"];
  expect(row).toEqual(
    [
      Array.from({ length: 4 }, () => `${instant}+00`),
      [day, day, instant, instant],
      ["13:30:15+00", "13:30:15+00", "13:30:15", "13:30:15"],
      ["1 day", "1 day"],
    ].flat(),
  );
});

test.each(["system.main.now()", "main.now()", "system.main.age(TIMESTAMP '2026-01-30')"])(
  "%s, which would read the machine's clock, is refused",
  async (call) => {
    expect(rowsAt(`SELECT 1 AS value WHERE ${call} IS NOT NULL`, noonMs)).rejects.toThrow(
      "by a qualified name",
    );
  },
);

test("the views show nothing that is younger than the evaluation", async () => {
  const newest =
    "SELECT max(value) AS value, count(*)::INTEGER AS n FROM metrics WHERE name = 'queue'";
  expect(await rowsAt(newest, noonMs - 1)).toEqual([[null, 0]]);
  expect(await rowsAt(newest, noonMs)).toEqual([[0, 1]]);
  expect(await rowsAt(newest, noonMs + 10 * minuteMs + 1)).toEqual([[10, 11]]);
  // Of the head.
  expect(await rowsAt(newest, noonMs + 60 * minuteMs)).toEqual([[60, 61]]);
  const records = "SELECT count(*)::INTEGER AS n FROM logs";
  expect(await rowsAt(records, noonMs + 4)).toEqual([[0]]);
  expect(await rowsAt(records, noonMs + 5)).toEqual([[1]]);
  expect(await rowsAt(records, noonMs + 6)).toEqual([[2]]);
});

const counted = (condition: string) =>
  `SELECT count(*)::INTEGER AS n, min(value) AS least FROM metrics WHERE ${condition}`;

test("a window behind now() has the same samples whether old rows are left out or not", async () => {
  const within = `name = 'queue' AND timestamp > now()::TIMESTAMP - INTERVAL 10 MINUTE`;
  for (const minute of [30, 61]) {
    const timeMs = noonMs + minute * minuteMs;
    const expected = [[10, minute - 9]];
    expect(await rowsAt(counted(within), timeMs)).toEqual(expected);
    // In a form that the plan does not show as a span.
    expect(await rowsAt(counted(`${within} IS TRUE`), timeMs)).toEqual(expected);
  }
});

const planned: [string, unknown[][]][] = [
  ["SELECT 1 AS value", []],
  ["SELECT count(*) AS value FROM logs", [["logs", undefined, -Infinity, 0]]],
  [
    "SELECT 1 AS value FROM metrics WHERE name = 'it''s AND (x' AND timestamp > now()::TIMESTAMP - INTERVAL 5 MINUTE",
    [["metrics", ["it's AND (x"], -5, 0]],
  ],
  [
    "SELECT 1 AS value FROM metrics WHERE name IN ('a', 'b') AND timestamp BETWEEN now() - INTERVAL '1 hour' AND now() - INTERVAL 1 MINUTE",
    [["metrics", ["a", "b"], -60, -1]],
  ],
  [
    "SELECT 1 AS value FROM metrics WHERE name = 'a' OR (name = 'b' AND value > 3)",
    [["metrics", undefined, -Infinity, 0]],
  ],
  [
    "SELECT 1 AS value FROM metrics WHERE name LIKE 'a%' OR timestamp > now()::TIMESTAMP - INTERVAL 5 MINUTE",
    [["metrics", undefined, -Infinity, 0]],
  ],
  [
    `WITH m AS (SELECT * FROM metrics WHERE timestamp >= today() - INTERVAL 1 DAY)
     SELECT count(*) AS value FROM m JOIN metrics_tiers t ON m.name = t.name
     WHERE m.name = 'a' AND t.timestamp > TIMESTAMP '2026-01-31 11:00:00'`,
    [
      ["metrics_tiers", ["a"], -60, 0],
      ["metrics", ["a"], -36 * 60, 0],
    ],
  ],
  [
    "SELECT count(*) AS value FROM logs WHERE timestamp > now()::TIMESTAMP - INTERVAL 90 SECOND AND body LIKE '%x%'",
    [["logs", undefined, -1.5, 0]],
  ],
];
test.each(planned)("reads() of %s", async (sql, reads) => {
  const found = await readsAt(sql);
  expect(found.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(reads);
});

test("reads() refuses what a query refuses", async () => {
  expect(readsAt("SELECT * FROM nothing")).rejects.toThrow('refused: the table "nothing"');
  expect(readsAt("SELECT missing FROM metrics")).rejects.toThrow("missing");
  expect(rowsAt("SELECT missing FROM metrics", noonMs)).rejects.toThrow("LINE 1: SELECT missing");
});
