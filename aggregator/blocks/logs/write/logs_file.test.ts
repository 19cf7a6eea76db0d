import { LIST, listValue, VARCHAR } from "@duckdb/node-api";
import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogsBatch } from "#shared/model/logs.ts";
import { Duckdb } from "../../../duckdb/duckdb.ts";
import { createLineMiner } from "#test/support/mining.ts";
import { LineFunction } from "../../../query/sql/line_function.ts";
import { logsView } from "../../../query/sql/views.ts";
import { writeLogsFile } from "./logs_file.ts";
import { readLogs } from "../read_logs.fixture.ts";
import { lines } from "../../../read/store.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-logs-"));
const duckdb = new Duckdb({
  memoryBytes: 256 * 1_024 ** 2,
  threads: 2,
  connectionsMax: 2,
  temporaryFolder: join(folder, "spill"),
});
afterAll(async () => {
  await duckdb.close();
  rmSync(folder, { recursive: true, force: true });
});

const request = {
  tenant: "t",
  matchers: [],
  lineFilters: [],
  startNs: -(2n ** 63n),
  endNs: 2n ** 63n - 1n,
  limit: 100_000,
  direction: "forward" as const,
};

let views = 0;

/** Bodies by the view of SQL queries, in order of time. */
async function bodiesByView(paths: readonly string[]): Promise<string[]> {
  return duckdb.use("read", async (connection) => {
    const name = `line_${views++}`;
    const made = new LineFunction(connection, name, paths);
    await connection.run(logsView(paths, name));
    const result = await connection.runAndReadAll("SELECT body FROM logs ORDER BY timestamp");
    await connection.run("DROP VIEW logs");
    made.close();
    return result.getRowsJS().flat().map(String);
  });
}

const document = readFileSync(join(import.meta.dir, "../../../../docs/formats/parquet.md"), "utf8");
const documentSql = /```sql lines\n([^`]*)```/.exec(document)?.[1] ?? "";

/** Lines by what the document says alone, in the order of the block. */
async function bodiesByDocument(path: string): Promise<string[]> {
  return duckdb.use("read", async (connection) => {
    const result = await connection.runAndReadAll(documentSql.replaceAll("block.parquet", path));
    return result.getColumnsObjectJS()["line"]?.map(String) ?? [];
  });
}

async function writeAndRead(batches: readonly LogsBatch[], more = {}) {
  const file = await writeLogsFile(folder, batches);
  const read = await readLogs(file, { ...request, ...more });
  return { file, read };
}

test("a block gives back every record, in order of time", async () => {
  const body = fc.oneof(
    fc.string(),
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("", "\0", "a\0b", "a\nb"),
  );
  const record = fc.record({
    app: fc.constantFrom("a", "b"),
    ms: fc.integer({ min: -5, max: 2 ** 41 }),
    nanos: fc.integer({ min: 0, max: 999_999 }),
    severity: fc.integer({ min: 0, max: 24 }),
    body,
    attributes: fc.option(fc.dictionary(fc.constantFrom("k", "l"), fc.string({ minLength: 1 }))),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 60 }), async (records) => {
      const batch: LogsBatch = {
        ...lines(
          "",
          records.map((one) => one.body.toWellFormed()),
        ),
        streams: [{ app: "a" }, { app: "b" }],
        streamOf: Uint32Array.from(records, ({ app }) => (app === "a" ? 0 : 1)),
        timestampsMs: Float64Array.from(records, ({ ms }) => ms),
        nanos: Uint32Array.from(records, ({ nanos }) => nanos),
        severities: Uint8Array.from(records, ({ severity }) => severity),
        attributes: records.map(({ attributes }) => attributes ?? undefined),
      };
      const { read, file } = await writeAndRead([batch]);
      rmSync(file.path);
      const told = read.map((one) =>
        JSON.stringify([
          String(one.timestampNs),
          one.stream["app"],
          one.severity,
          one.body,
          one.attributes ?? {},
        ]),
      );
      const wanted = records.map(({ app, ms, nanos, severity, body: text, attributes }) =>
        JSON.stringify([
          String(BigInt(ms) * 1_000_000n + BigInt(nanos)),
          app,
          severity,
          text.toWellFormed(),
          Object.fromEntries(
            Object.entries(attributes ?? {})
              .toSorted(([a], [b]) => (a < b ? -1 : 1))
              .map(([key, value]) => [key, value.toWellFormed()]),
          ),
        ]),
      );
      expect(told.toSorted()).toEqual(wanted.toSorted());
      const times = read.map(({ timestampNs }) => timestampNs);
      expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)));
    }),
    { numRuns: 40 },
  );
}, 60_000);

test("a body that is not UTF-8 keeps its bytes, also where two bodies together would be valid", async () => {
  const broken = new Uint8Array([0x61, 0xff, 0x62]);
  const halves = [new Uint8Array([0xc3]), new Uint8Array([0xa9])];
  const { file, read } = await writeAndRead([lines("x", ["fine é", broken]), lines("y", halves)]);
  expect(read.map(({ body }) => body).toSorted()).toEqual(
    ["a\ufffdb", "fine é", "\ufffd", "\ufffd"].toSorted(),
  );
  const raw = await duckdb.use("read", (connection) =>
    connection.runAndReadAll(
      `SELECT hex(body_raw) FROM read_parquet('${file.path}') WHERE body_raw IS NOT NULL ORDER BY 1`,
    ),
  );
  expect(raw.getRowsJS().flat()).toEqual(["61FF62", "A9", "C3"]);
});

test("readLogs() filters lines, limits, and turns around", async () => {
  const batch = lines("x", ["GET /a 200", "GET /b 500", "POST /a 200", "it's 100%"]);
  const bodies = async (more: object) =>
    (await writeAndRead([batch], more)).read.map(({ body }) => body);
  expect(
    await bodies({
      lineFilters: [
        { op: "|=", values: ["GET"] },
        { op: "!=", values: ["500"] },
      ],
    }),
  ).toEqual(["GET /a 200"]);
  expect(await bodies({ lineFilters: [{ op: "|~", values: ["^P", "5\\d\\d$"] }] })).toEqual([
    "GET /b 500",
    "POST /a 200",
  ]);
  expect(await bodies({ lineFilters: [{ op: "!~", values: ["[0-9]{3}$"] }] })).toEqual([
    "it's 100%",
  ]);
  expect(await bodies({ lineFilters: [{ op: "|=", values: ["'s 1"] }] })).toEqual(["it's 100%"]);
  expect(await bodies({ limit: 2, direction: "backward" })).toEqual(["it's 100%", "POST /a 200"]);
  expect(await bodies({ startNs: 1_000_000n, endNs: 3_000_000n })).toEqual([
    "GET /b 500",
    "POST /a 200",
  ]);
  const bad = bodies({ lineFilters: [{ op: "|~", values: ["("] }] });
  expect(await bad.catch((error: unknown) => error)).toMatchObject({ code: "bad_request" });
});

test("lines as templates and variables come back, here and in plain SQL", async () => {
  const word = fc.constantFrom(
    "user",
    "7",
    "<3>",
    "a=4",
    "Jun",
    "é",
    "x",
    "",
    "2f",
    "[9]",
    "\u0000",
    "{x",
    "}{}",
  );
  const line = fc.oneof(
    { weight: 8, arbitrary: fc.array(word, { maxLength: 50 }).map((words) => words.join(" ")) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 9 }) },
  );
  const miner = createLineMiner();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(line, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 3 }),
      async (batches) => {
        const { file, read } = await writeAndRead(
          batches.map((some) => miner.mine(lines("x", some))),
        );
        const texts = batches.flat().map((one) => Buffer.from(one).toString());
        expect(read.map(({ body }) => body).toSorted()).toEqual(texts.toSorted());
        const rows = await bodiesByView([file.path]);
        const plain = await bodiesByDocument(file.path);
        rmSync(file.path);
        expect(rows.toSorted()).toEqual(texts.toSorted());
        expect(plain.toSorted()).toEqual(texts.toSorted());
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

test("times far apart are exact", async () => {
  const batch = lines("x", ["a", "b", "c"]);
  const timestampsMs = Float64Array.of(-6_213_559_680_000, 0, 8_000_000_000_000);
  const nanos = Uint32Array.of(1, 999_999, 123_456);
  const { read } = await writeAndRead([{ ...batch, timestampsMs, nanos }]);
  expect(read.map(({ timestampNs }) => timestampNs)).toEqual([
    -6_213_559_680_000_000_000n + 1n,
    999_999n,
    8_000_000_000_000_123_456n,
  ]);
});

test("the SQL of docs/formats/parquet.md rebuilds every line in a DuckDB of its own", async () => {
  const dated = Array.from(
    { length: 400 },
    (_, i) => `on 2005-12-${10 + (i % 3)} at 10.250.${i}.1, é${i}: ${i} t${100_000 + 7 * i}`,
  );
  const some = ["user 1 logs in", "user 2 logs in", "no variable", "2f a <b> [9]", "", ...dated];
  const batch = createLineMiner().mine(lines("x", some));
  const { file } = await writeAndRead([batch]);
  expect(await bodiesByDocument(file.path)).toEqual(some);
  expect(documentSql.trimEnd().split("\n").length).toBeLessThanOrEqual(15);
  // Variables of all encodings were among them.
  const found = await duckdb.use("read", (connection) =>
    connection.runAndReadAll(
      `SELECT DISTINCT encodings FROM parquet_metadata('${file.path}') WHERE path_in_schema LIKE 'v%'`,
    ),
  );
  const encodings = found.getRowsJS().flat().map(String).join();
  for (const name of ["DICTIONARY", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
    expect(encodings).toContain(name);
});

test("a block of several row groups comes back, here and by the document", async () => {
  const some = Array.from({ length: 66_000 }, (_, i) => {
    const id = Bun.hash.xxHash32(`${i}`);
    return i % 5 === 0
      ? `port ${i % 40} of ${i % 3}.${i % 7}`
      : `user ${id} has ${i % 1_000} on ${i % 9}x`;
  });
  const { file } = await writeAndRead([createLineMiner().mine(lines("x", some))], { limit: 1 });
  expect(await bodiesByView([file.path])).toEqual(some);
  expect(await bodiesByDocument(file.path)).toEqual(some);
  expect((await readLogs(file, request)).map(({ body }) => body)).toEqual(some);
}, 20_000);

test("blocks of version 1, which have digits in every row, are read as before", async () => {
  const some = Array.from({ length: 3_000 }, (_, i) => `user ${100_000 + i * 7} from 10.${i}.1`);
  const path = join(folder, "version_1.parquet");
  await duckdb.use("read", (connection) =>
    connection.run(
      `COPY (
      SELECT n AS ts, '{"app":"x"}' AS stream, 0::UTINYINT AS severity, 'user <0> from <1>' AS template,
        regexp_extract_all(line, '[0-9.]+') AS parts, '6' AS v0, parts[1] AS d0,
        array_to_string(list_transform(string_split(parts[2], '.'), lambda run: length(run)), '.') AS v1,
        replace(parts[2], '.', '') AS d1, NULL::VARCHAR AS body, NULL::BLOB AS body_raw,
        NULL::VARCHAR AS attributes
      FROM (SELECT unnest($lines) AS line, unnest(range(3000)) AS n) ORDER BY n)
      TO '${path}' (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2)`,
      { lines: listValue(some) },
      { lines: LIST(VARCHAR) },
    ),
  );
  const times = { bytes: 0, rows: some.length, items: some.length, minMs: 0, maxMs: 0 };
  expect((await readLogs({ ...times, path }, request)).map(({ body }) => body)).toEqual(some);
  expect(await bodiesByView([path])).toEqual(some);
  const { file } = await writeAndRead([createLineMiner().mine(lines("x", some))]);
  const both = await bodiesByView([path, file.path]);
  expect(both.toSorted()).toEqual([...some, ...some].toSorted());
});

test("blocks without columns of digits are read as before", async () => {
  const some = Array.from({ length: 30 }, (_, i) => `user ${i} from 10.0.${i}.1, ${i * 7} times`);
  const { file } = await writeAndRead([createLineMiner().mine(lines("x", some))]);
  const path = join(folder, "earlier.parquet");
  await duckdb.use("read", async (connection) => {
    // Texts as they are, under the names of then: the template's three variables.
    await connection.run(
      `COPY (
      SELECT ts, stream, severity, template, parts[1] AS v0, parts[2] AS v1, parts[3] AS v2, NULL::VARCHAR AS body,
        body_raw, file.attributes
      FROM (SELECT *, row_number() OVER () AS n FROM read_parquet('${file.path}')) file
      JOIN (SELECT regexp_extract_all(unnest($lines), '[0-9.]+') AS parts, unnest(range(1, 31)) AS n) USING (n)
      ORDER BY n) TO '${path}' (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2)`,
      { lines: listValue(some) },
      { lines: LIST(VARCHAR) },
    );
    const result = await connection.runAndReadAll(
      `SELECT count(v1), bool_or(v1 = '10.0.7.1') FROM read_parquet('${path}')`,
    );
    expect(result.getRowsJS()).toEqual([[30n, true]]);
  });
  expect(await bodiesByView([path])).toEqual(some);
  const read = await readLogs({ ...file, path }, request);
  expect(read.map(({ body }) => body)).toEqual(some);
  const filtered = { ...request, lineFilters: [{ op: "|=" as const, values: ["10.0.7.1,"] }] };
  expect((await readLogs({ ...file, path }, filtered)).map(({ body }) => body)).toEqual(
    some.slice(7, 8),
  );
});
