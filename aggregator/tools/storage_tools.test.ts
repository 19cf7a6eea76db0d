import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { postgresMissing, startPostgres, type PostgresServer } from "#test/support/postgres.ts";
import { removeS3, s3Missing, startS3, type S3Server } from "#test/support/s3.ts";
import { backup, listBackups, restore } from "./backup.ts";
import { checkBlocks } from "./check_blocks.ts";
import { StoreConfig } from "../blocks/config.ts";
import { exportMetrics, type ExportRequest } from "./export_metrics.ts";
import { laneCut } from "../blocks/lane_cut.fixture.ts";
import { fileObjectStore } from "../objects/object_store_file.ts";
import { rebuildCatalog } from "./rebuild_catalog.ts";
import { type StorageTools, withStorage } from "./storage_tools.ts";
import { gauge, openTestStore, sampleTexts } from "../read/store.fixture.ts";
import type { Cut, Store } from "../read/store.ts";

const everything = { tenant: "t", startMs: 0, endMs: 1e15, samplesMax: 1e6, matchers: [] };
const allLogs = {
  tenant: "t",
  matchers: [],
  lineFilters: [],
  limit: 1_000,
  startNs: 0n,
  endNs: 10n ** 18n,
  direction: "forward" as const,
};

function abCut(k: number): Cut {
  const times = [k * 1_000, k * 1_000 + 500];
  const metrics = [gauge("a", times, [k, -k]), gauge("b", times, [k / 10, Number.NaN])];
  return laneCut(k, metrics, k * 1_000);
}

async function contentOf(store: Store): Promise<unknown> {
  const records = await store.view().logs.select(allLogs);
  return {
    samples: sampleTexts(await store.view().metrics.select(everything)),
    records: records.map(({ body }) => body),
    items: store.view().blocks.reduce((sum, { items }) => sum + items, 0),
    lanes: (await store.recover()).lanes,
    families: store.families("t"),
  };
}

type Place = { config: Record<string, unknown>; emptyCatalog: () => Promise<void> };
const open = (dataDir: string, place: Place) =>
  openTestStore(dataDir, { delete_after: "10m", ...place.config });
const within = <Result>(
  dataDir: string,
  place: Place,
  mode: "read" | "write",
  action: (tools: StorageTools) => Promise<Result>,
) => withStorage(StoreConfig.parse(place.config), dataDir, mode, action);

const places: Record<string, { missing: string | undefined }> = {
  "file and SQLite": { missing: undefined },
  "s3 and PostgreSQL": { missing: s3Missing ?? postgresMissing },
};

for (const [name, { missing }] of Object.entries(places)) {
  const title = missing === undefined ? name : `${name} (skipped: ${missing})`;
  describe.skipIf(missing !== undefined)(title, () => {
    const root = mkdtempSync(join(tmpdir(), "lapwing-storage-"));
    let s3: S3Server | undefined;
    let postgres: PostgresServer[] = [];
    let made = 0;
    beforeAll(async () => {
      if (name.startsWith("s3")) {
        s3 = await startS3();
        postgres = [await startPostgres()];
      }
    });
    afterAll(async () => {
      await Promise.all([...postgres.map((one) => one.stop()), s3 && removeS3(s3)]);
      rmSync(root, { recursive: true, force: true });
    });
    /** A data directory of its own, whose catalog can be lost. */
    async function newPlace(): Promise<{ dataDir: string; place: Place }> {
      const dataDir = join(root, String(made++));
      if (s3 === undefined) {
        const emptyCatalog = () => {
          for (const end of ["", "-wal", "-shm"])
            rmSync(join(dataDir, `catalog.db${end}`), { force: true });
          return Promise.resolve();
        };
        return { dataDir, place: { config: {}, emptyCatalog } };
      }
      const server = await startPostgres();
      postgres.push(server);
      const config: Record<string, unknown> = {
        url: `s3://${s3.bucket}/${made}`,
        s3: {
          endpoint: s3.endpoint,
          access_key_id: s3.accessKeyId,
          secret_access_key: s3.secretAccessKey,
        },
        catalog: server.url,
      };
      const emptyCatalog = async () => {
        const fresh = await startPostgres();
        postgres.push(fresh);
        config["catalog"] = fresh.url;
      };
      return { dataDir, place: { config, emptyCatalog } };
    }

    test("rebuild brings back samples, records, positions and families, with inputs of merges still there", async () => {
      const { dataDir, place } = await newPlace();
      const store = await open(dataDir, place);
      for (let k = 1; k <= 12; k++) await store.commit(abCut(k), () => {});
      await store.maintain();
      for (let k = 13; k <= 14; k++) await store.commit(abCut(k), () => {});
      await store.delete(
        {
          signal: "metrics",
          tenant: "t",
          startMs: 0,
          endMs: 5_000,
          query: "a",
          selectors: [[{ name: "__name__", op: "=", value: "a" }]],
        },
        "operator",
      );
      const before = await contentOf(store);
      expect(store.view().blocks).toHaveLength(6);
      await store.close();
      await place.emptyCatalog();
      const report = await within(dataDir, place, "write", rebuildCatalog);
      expect(report).toMatchObject({ lanes: 2, unreadable: [], tombstones: 1 });
      expect(report.blocks).toHaveLength(6);
      expect(report.leftOut).toHaveLength(24);
      const again = await open(dataDir, place);
      expect(await contentOf(again)).toEqual(before);
      await again.commit(abCut(15), () => {});
      await again.close();
      const refused = await within(dataDir, place, "write", rebuildCatalog).catch(
        (e: unknown) => e,
      );
      expect(refused).toMatchObject({ code: "bad_request" });
      const { faults } = await within(dataDir, place, "read", checkBlocks);
      expect(faults).toEqual([]);
    }, 60_000);

    test("backup goes beside a running store, copies each block once, and restore brings that moment back", async () => {
      const { dataDir, place } = await newPlace();
      const target = fileObjectStore(join(root, `backup-${made}`));
      const store = await open(dataDir, place);
      await store.commit(abCut(1), () => {});
      await store.saveAgent({
        tenant: "t",
        agent: "a",
        name: "n'1",
        heartbeat: "{}",
        lastSeenMs: 5,
      });
      const take = () => within(dataDir, place, "read", (tools) => backup(tools, target));
      const first = await take();
      const before = await contentOf(store);
      await store.commit(abCut(2), () => {});
      expect(await take()).toMatchObject({ blocks: 4, copied: 2 });
      expect(await listBackups(target)).toHaveLength(2);
      await store.close();
      const other = await newPlace();
      const bring = (which?: string) =>
        within(other.dataDir, other.place, "write", (tools) => restore(tools, target, which));
      expect(await bring("1999").catch((e: unknown) => e)).toMatchObject({ code: "not_found" });
      expect(await bring(first.name)).toMatchObject({ blocks: 2, copied: 2 });
      const restored = await open(other.dataDir, other.place);
      expect(await contentOf(restored)).toEqual(before);
      expect(await restored.listAgents()).toMatchObject([{ name: "n'1", lastSeenMs: 5 }]);
      await restored.close();
    }, 60_000);

    test("what must have the catalog alone is refused while a store is open, and the other way round", async () => {
      const { dataDir, place } = await newPlace();
      const store = await open(dataDir, place);
      const tried = await within(dataDir, place, "write", rebuildCatalog).catch((e: unknown) => e);
      expect(tried).toMatchObject({ code: "unavailable" });
      await store.close();
      await within(dataDir, place, "write", async () => {
        const opened = await open(dataDir, place).catch((e: unknown) => e);
        expect(opened).toMatchObject({ code: "unavailable" });
      });
    });
  });
}

const root = mkdtempSync(join(tmpdir(), "lapwing-check-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const config = StoreConfig.parse({});

async function filled(name: string): Promise<{ dataDir: string; paths: string[] }> {
  const dataDir = join(root, name);
  const store = await openTestStore(dataDir, {});
  for (let k = 1; k <= 4; k++) await store.commit(abCut(k), () => {});
  const paths = store.view().blocks.map(({ key }) => join(dataDir, "blocks", key));
  await store.close();
  return { dataDir, paths };
}

test("check names every fault: gone, cut short, changed by a bit, replaced, and a row that is wrong", async () => {
  const { dataDir, paths } = await filled("faults");
  const [gone = "", short = "", flipped = "", other = "", wrong = ""] = paths;
  rmSync(gone);
  writeFileSync(short, readFileSync(short).subarray(0, 100));
  const bytes = readFileSync(flipped);
  bytes[60] = (bytes[60] ?? 0) ^ 1;
  writeFileSync(flipped, bytes);
  const catalog = new Database(join(dataDir, "catalog.db"));
  catalog.run("UPDATE blocks SET checksum = NULL WHERE key LIKE ?", [`%${other.slice(-41)}`]);
  catalog.run("UPDATE blocks SET items = items + 1 WHERE key LIKE ?", [`%${other.slice(-41)}`]);
  catalog.run("UPDATE blocks SET max_ms = 7 WHERE key LIKE ?", [`%${wrong.slice(-41)}`]);
  catalog.close();
  const report = await withStorage(config, dataDir, "read", checkBlocks);
  const reasons = new Map(report.faults.map(({ block, reason }) => [block.key.slice(-41), reason]));
  expect(report.blocks).toBe(8);
  expect(reasons.size).toBe(5);
  expect(reasons.get(gone.slice(-41))).toMatch(/no such file/);
  expect(reasons.get(short.slice(-41))).toMatch(/has 100 bytes, expected \d+/);
  expect(reasons.get(flipped.slice(-41))).toMatch(/checksum/);
  expect(reasons.get(other.slice(-41))).toMatch(/holds items = \d, expected \d/);
  expect(reasons.get(wrong.slice(-41))).toMatch(/holds maxMs = \d+, expected 7/);
});

test("rebuild leaves out what can't be read, and says so", async () => {
  const { dataDir, paths } = await filled("unreadable");
  const [broken = ""] = paths;
  writeFileSync(broken, "PAR1 this is no Parquet");
  rmSync(join(dataDir, "catalog.db"));
  const report = await withStorage(config, dataDir, "write", rebuildCatalog);
  expect(report.blocks).toHaveLength(7);
  expect(report.unreadable.map(({ key }) => join(dataDir, "blocks", key))).toEqual([broken]);
});

test("a read of a catalog that is not there is not_found, and makes none", async () => {
  const dataDir = join(root, "nothing");
  const tried = await withStorage(config, dataDir, "read", checkBlocks).catch((e: unknown) => e);
  expect(tried).toMatchObject({ code: "not_found" });
  expect(existsSync(join(dataDir, "catalog.db"))).toBe(false);
});

async function exported(name: string, change: Partial<ExportRequest>): Promise<string> {
  const { dataDir } = await filled(name);
  const output = join(root, `${name}.out`);
  const request: ExportRequest = {
    tenant: "t",
    selectors: [],
    startMs: 1_500,
    endMs: 3_000,
    format: "openmetrics",
    output,
    ...change,
  };
  await withStorage(config, dataDir, "read", (tools) => exportMetrics(tools, request));
  return output;
}

const openMetrics = (name: string) =>
  exported(name, { selectors: [[{ name: "__name__", op: "=~" as const, value: "a|c" }]] });
const promtool = Bun.which("promtool");

test("export as OpenMetrics is cut to matchers and time", async () => {
  const output = await openMetrics("text");
  expect(readFileSync(output, "utf8")).toBe(
    "a -1 1.500\na 2 2.000\na -2 2.500\na 3 3.000\n# EOF\n",
  );
});

test.skipIf(promtool === null)("promtool reads what is exported (needs promtool)", async () => {
  const output = await openMetrics("for_promtool");
  const program = promtool ?? "";
  const child = Bun.spawnSync([
    program,
    "tsdb",
    "create-blocks-from",
    "openmetrics",
    output,
    join(root, "tsdb"),
  ]);
  // What dumps wants a log, even an empty one.
  mkdirSync(join(root, "tsdb", "wal"));
  expect(child.stderr.toString()).toBe("");
  const dump = Bun.spawnSync([program, "tsdb", "dump", join(root, "tsdb")]).stdout.toString();
  expect(dump.trim().split("\n")).toEqual([
    '{__name__="a"} -1 1500',
    '{__name__="a"} 2 2000',
    '{__name__="a"} -2 2500',
    '{__name__="a"} 3 3000',
  ]);
});

test("export as Parquet is a row a sample", async () => {
  const output = await exported("parquet", { format: "parquet" });
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT name, labels, epoch_ms(timestamp)::INTEGER, value::VARCHAR FROM read_parquet('${output}')`,
  );
  const a = [1_500, 2_000, 2_500, 3_000].map(
    (t, i) => `a {} ${t} ${["-1.0", "2.0", "-2.0", "3.0"][i]}`,
  );
  const b = [1_500, 2_000, 2_500, 3_000].map(
    (t, i) => `b {} ${t} ${["nan", "0.2", "nan", "0.3"][i]}`,
  );
  expect(reader.getRowsJS().map((row) => row.map(String).join(" "))).toEqual([...a, ...b]);
  connection.closeSync();
  instance.closeSync();
});
