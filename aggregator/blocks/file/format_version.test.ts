import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLineMiner } from "#test/support/mining.ts";
import { CheckedBlocks } from "../../query/sql/checked_blocks.ts";
import { Duckdb } from "../../duckdb/duckdb.ts";
import { readNotes } from "./file_notes.ts";
import { BlockLines } from "../logs/block_lines.ts";
import { LogsCache } from "../logs/log_file.ts";
import { readSlices } from "../logs/read_slices.ts";
import { writeLogsFile } from "../logs/write/logs_file.ts";
import { readStreams } from "../logs/logs_reader.ts";
import { readOwnFiles } from "../metrics/own_files.ts";
import { lines } from "../../read/store.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-versions-"));
const duckdb = new Duckdb({
  memoryBytes: 64 * 1_024 ** 2,
  threads: 1,
  connectionsMax: 1,
  temporaryFolder: join(folder, "spill"),
});
afterAll(async () => {
  await duckdb.close();
  rmSync(folder, { recursive: true, force: true });
});

const emptyBlock = {
  tenant: "t",
  signal: "logs",
  key: "",
  items: 0,
  rows: 0,
  bytes: 0,
  minMs: 0,
  maxMs: 0,
  createdMs: 0,
} as const;

/** A block of logs, and the same with another number as its version. */
async function blocksOf(texts: readonly string[]) {
  const { path } = await writeLogsFile(folder, [createLineMiner().mine(lines("x", texts))]);
  const bytes = readFileSync(path);
  const head = Buffer.from("\x18\x07lapwing\x18\x01", "latin1");
  const at = bytes.lastIndexOf(head) + head.length;
  const version = String.fromCharCode(bytes[at] ?? 0);
  bytes[at] = "9".charCodeAt(0);
  const newer = join(folder, `${Bun.randomUUIDv7()}.parquet`);
  writeFileSync(newer, bytes);
  return { path, version, newer };
}

const refusal = {
  code: "unavailable",
  message:
    "a block of format 9, of which this version of Lapwing reads 1 to 3: a newer one wrote it",
};
const outcome = (reading: Promise<unknown>) =>
  reading.then(
    () => "read",
    (error: unknown) => error,
  );
const many = Array.from({ length: 200 }, (_, i) => `user ${i * 7_919} from 10.0.${i}.1`);

const readers: ((file: string) => Promise<unknown>)[] = [
  async (file) => {
    for await (const { rows } of readSlices(file, [])) expect(rows.length).toBe(200);
  },
  (file) => duckdb.use("read", (connection) => readNotes(connection, [file])),
  (file) =>
    readOwnFiles(
      { paths: [file], filesAtOnce: 1, knownColumns: new Set(), signal: undefined },
      () => Promise.resolve(true),
    ),
  (file) => new CheckedBlocks().check([{ ...emptyBlock, id: file }], [file]),
  (file) => readStreams(file, undefined),
];

test("a block of logs is of version 3", async () => {
  expect((await blocksOf(many)).version).toBe("3");
  expect((await blocksOf(["no digit", "none at all"])).version).toBe("3");
});

test("a block of an unknown version is refused with the reason by all who read it, and counted", async () => {
  const { path, newer } = await blocksOf(many);
  const cache = new LogsCache(2 ** 20);
  for (const read of [...readers, (file: string) => cache.open(file, file)]) {
    expect(await outcome(read(path))).toBe("read");
    expect(await outcome(read(newer))).toMatchObject(refusal);
  }
  expect(cache.refused).toBe(1);
  const made = new BlockLines([newer]);
  const none = new Int32Array(1);
  expect(() => made.forEach(none, none, () => {})).toThrow(refusal.message);
});
