import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogsBatch } from "#shared/model/logs.ts";
import { createLineMiner } from "#test/support/mining.ts";
import type { LogRecord } from "../../read/source.ts";
import { Duckdb } from "../../duckdb/duckdb.ts";
import { writeLogsFile } from "../logs/write/logs_file.ts";
import { compileLogMask } from "../logs/log_mask.ts";
import { readLogs } from "../logs/read_logs.fixture.ts";
import { readSlices } from "../logs/read_slices.ts";
import { mergeLogs } from "./merge_logs.ts";
import { lines } from "../../read/store.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-merge-logs-"));
const duckdb = new Duckdb({
  memoryBytes: 128 * 1_024 ** 2,
  threads: 1,
  connectionsMax: 1,
  temporaryFolder: join(folder, "spill"),
});
afterAll(async () => {
  await duckdb.close();
  rmSync(folder, { recursive: true, force: true });
});

const everything = {
  tenant: "t",
  matchers: [],
  lineFilters: [],
  startNs: -(2n ** 62n),
  endNs: 2n ** 62n,
  limit: 1e6,
  direction: "forward" as const,
};
const never = new AbortController().signal;

const mask = (name: string, app: string, value: string, endMs: number) =>
  compileLogMask({
    name,
    selectors: [[{ name: "app", op: "=", value: app }]],
    lineFilters: [{ op: "|=", values: [value] }],
    startMs: 0,
    endMs,
  });

async function merged(paths: readonly string[]): Promise<LogRecord[]> {
  const inputs = paths.map((path) => readSlices(path, []));
  const file = await mergeLogs(folder, inputs, undefined, never);
  const records = await readLogs(file, everything);
  expect(file).toMatchObject({ items: records.length, rows: records.length });
  rmSync(file.path);
  return records;
}

test("a merged file holds every record of its inputs, by stream and time, equal times as they came", async () => {
  const record = fc.record({
    app: fc.constantFrom("a", "b", "ü", "\u{1f600}"),
    ms: fc.integer({ min: 0, max: 6 }),
    severity: fc.integer({ min: 0, max: 24 }),
    line: fc.oneof(
      fc.integer({ min: 0, max: 2_000 }).map((n) => `user ${n} logs in`),
      fc.string({ unit: "grapheme" }),
      fc.uint8Array({ maxLength: 6 }),
    ),
    attribute: fc.option(fc.constantFrom("x", "y")),
  });
  const file = fc.array(record, { minLength: 1, maxLength: 40 });
  const miner = createLineMiner();
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 5 }), async (files) => {
      const batches = files.map((records): LogsBatch => {
        const apps = [...new Set(records.map(({ app }) => app))];
        return {
          ...lines(
            "",
            records.map(({ line }) => line),
          ),
          streams: apps.map((app) => ({ app })),
          streamOf: Uint32Array.from(records, ({ app }) => apps.indexOf(app)),
          timestampsMs: Float64Array.from(records, ({ ms }) => ms),
          severities: Uint8Array.from(records, ({ severity }) => severity),
          attributes: records.map(({ attribute }) =>
            attribute === null ? undefined : { k: attribute },
          ),
        };
      });
      const paths: string[] = [];
      for (const batch of batches)
        paths.push((await writeLogsFile(folder, [miner.mine(batch)])).path);
      // What one file of all of them in order would hold.
      const whole = await writeLogsFile(folder, batches);
      expect(await merged(paths)).toEqual(await readLogs(whole, everything));
      for (const path of [...paths, whole.path]) rmSync(path);
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("files of before there were templates are merged with others", async () => {
  const old = join(folder, "old.parquet");
  await duckdb.use("write an old file", (connection) =>
    connection.run(`COPY (SELECT * FROM (VALUES
        (2000000::BIGINT, '{"app":"x"}', 9::UTINYINT, 'old 1', NULL::BLOB, '{"k":"v"}'),
        (4000000::BIGINT, '{"app":"x"}', 0::UTINYINT, 'old ' || chr(65533), '\\xFF'::BLOB, NULL)
      ) AS t(ts, stream, severity, body, body_raw, attributes))
      TO '${old}' (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd)`),
  );
  const fresh = createLineMiner().mine(lines("x", ["new 1", "new 2", "new 3"], 1));
  const { path } = await writeLogsFile(folder, [fresh]);
  const records = await merged([old, path]);
  expect(records.map(({ body }) => body)).toEqual(["new 1", "old 1", "new 2", "new 3", "\ufffd"]);
  expect(records[1]).toMatchObject({ severity: 9, attributes: { k: "v" } });
});

test("many row groups of several files become row groups of full size, and only one of each is held", async () => {
  const paths: string[] = [];
  for (let file = 0; file < 3; file++) {
    const texts = Array.from({ length: 70_000 }, (_, i) => `request ${3 * i + file} done`);
    const batch = lines("x", texts);
    const timestampsMs = Float64Array.from(texts, (_, i) => 3 * i + file);
    paths.push((await writeLogsFile(folder, [{ ...batch, timestampsMs }])).path);
  }
  const records = await merged(paths);
  expect(records).toHaveLength(210_000);
  expect(records.every(({ body }, i) => body === `request ${i} done`)).toBe(true);
}, 30_000);

test("masked records are left out, and counted by mask", async () => {
  const { path } = await writeLogsFile(folder, [
    lines("a", ["user 1", "token 2", "user 3", "token 4"]),
    lines("b", ["token 5"]),
  ]);
  const hidden = new Map<string, number>();
  const masks = [mask("first", "a", "token", 2), mask("second", "a", "2", 9)];
  const file = await mergeLogs(folder, [readSlices(path, masks, hidden)], undefined, never);
  const left = await readLogs(file, everything);
  expect(left.map(({ body }) => body).toSorted()).toEqual([
    "token 4",
    "token 5",
    "user 1",
    "user 3",
  ]);
  expect([...hidden]).toEqual([
    ["first", 1],
    ["second", 0],
  ]);
});
