import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "#shared/errors.ts";
import { StoreConfig } from "../config.ts";
import { rebuildCatalog } from "../../tools/rebuild_catalog.ts";
import { type StorageTools, withStorage } from "../../tools/storage_tools.ts";
import { cutContentOf } from "../../read/cut_content.ts";
import { cutOf, gauge, lines, openTestStore, sampleTexts } from "../../read/store.fixture.ts";
import type { Store } from "../../read/store.ts";
import { writeState } from "../../catalog/maintenance_state.ts";
import { listTrash, restoreTrash } from "../../tools/restore_trash.ts";
import { Trash, trashItems } from "./trash.ts";
import { parseTrashKey, trashKey, trashReasons } from "../../catalog/trash_key.ts";
import { removedOf } from "../removed.fixture.ts";

const dayMs = 86_400_000;
const root = mkdtempSync(join(tmpdir(), "lapwing-trash-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const everything = { tenant: "t", startMs: 0, endMs: 1e15, samplesMax: 1e6, matchers: [] };
const allLogs = {
  tenant: "t",
  matchers: [],
  lineFilters: [],
  startNs: 0n,
  endNs: 10n ** 21n,
  limit: 100,
  direction: "forward" as const,
};
const quiet = {
  sweep_after: "0s",
  delete_after: "0s",
  tiers: { enabled: false },
  compaction: { enabled: false, interval: "1d" },
};

const open = (dataDir: string, now: () => number, config: Record<string, unknown> = {}) =>
  openTestStore(dataDir, { ...quiet, ...config }, { now });
const within = <Result>(
  dataDir: string,
  mode: "read" | "write",
  action: (tools: StorageTools) => Promise<Result>,
) => withStorage(StoreConfig.parse(quiet), dataDir, mode, action);
const samples = async (store: Store) => sampleTexts(await store.view().metrics.select(everything));
const filesOf = (dataDir: string, end: string) =>
  readdirSync(join(dataDir, "blocks"), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(end));

test("trashKey() goes back and forth, and no glob for Parquet files matches it", () => {
  const origin = "tenant=t~20/signal=logs/date=2026-01-01/01a2.parquet";
  for (const reason of trashReasons) {
    const name = { reason, trashedMs: 1_767_225_600_123, origin };
    expect(parseTrashKey(trashKey(name))).toEqual(name);
  }
  const key = trashKey({ reason: "sweep", trashedMs: 0, origin });
  expect(key).toBe(`.trash/sweep/1970-01-01T00-00-00.000Z/${origin}.trash`);
  expect(new Bun.Glob("**/*.parquet").match(key)).toBe(false);
  expect(parseTrashKey("tenant=t/x.parquet")).toBeUndefined();
});

test("blocks past retention lie in the trash for its time, and can be brought back", async () => {
  const dataDir = join(root, "retention");
  let nowMs = 100 * dayMs;
  const config = { retention: { metrics: "10d", logs: "10d" } };
  const store = await open(dataDir, () => nowMs, config);
  const metrics = [gauge("n", [nowMs], [1])];
  await store.commit(cutOf({ metrics, logs: lines("app", ["one"], nowMs) }, 1), () => {});
  nowMs += 11 * dayMs;
  await store.maintain();
  expect(store.view().blocks).toEqual([]);
  expect(filesOf(dataDir, ".parquet")).toEqual([]);
  expect(filesOf(dataDir, ".parquet.trash")).toHaveLength(2);
  expect(await removedOf(store, "t")).toEqual({
    logs: { retention: 1 },
    metrics: { retention: 1 },
  });
  await store.close();

  const listed = await within(dataDir, "read", listTrash);
  expect(listed.map(({ reason, trashedMs }) => [reason, trashedMs])).toEqual([
    ["retention", nowMs],
    ["retention", nowMs],
  ]);
  const report = await within(dataDir, "write", (tools) => restoreTrash(tools, () => true));
  expect(report.blocks).toHaveLength(2);
  const again = await open(dataDir, () => nowMs, { retention: { metrics: "20d", logs: "20d" } });
  expect(await samples(again)).toEqual([`n ${100 * dayMs}=1`]);
  expect((await again.view().logs.select(allLogs)).map(({ body }) => body)).toEqual(["one"]);
  expect(await removedOf(again, "t")).toEqual({
    logs: { retention: 0 },
    metrics: { retention: 0 },
  });
  await again.maintain();
  expect(again.view().blocks).toHaveLength(2);
  await again.close();

  const third = await open(dataDir, () => nowMs, config);
  await third.maintain();
  expect(filesOf(dataDir, ".parquet.trash")).toHaveLength(2);
  await third.close();
  nowMs += 7 * dayMs;
  const last = await open(dataDir, () => nowMs, config);
  await last.maintain();
  expect(filesOf(dataDir, ".parquet.trash")).toEqual([]);
  expect(await within(dataDir, "read", listTrash)).toEqual([]);
  await last.close();
}, 30_000);

test("a block out of which retention took streams comes back in place of what was kept", async () => {
  const dataDir = join(root, "streams");
  let nowMs = 100 * dayMs;
  const rule = { selector: '{app="short"}', retention: "1d" };
  const config = { retention: { logs: "30d", log_streams: [rule] } };
  const store = await open(dataDir, () => nowMs, config);
  const [long, short] = [lines("long", ["l"], nowMs), lines("short", ["s"], nowMs)];
  const content = cutContentOf({ logs: new Map([["t", [long, short]]]) });
  await store.commit({ ...cutOf({}, 1), content }, () => {});
  nowMs += 2 * dayMs;
  await store.maintain();
  expect((await store.view().logs.select(allLogs)).map(({ body }) => body)).toEqual(["l"]);
  await store.close();
  await within(dataDir, "write", (tools) => restoreTrash(tools, () => true));
  const again = await open(dataDir, () => nowMs, { retention: { logs: "30d" } });
  const bodies = (await again.view().logs.select(allLogs)).map(({ body }) => body);
  expect(bodies.toSorted()).toEqual(["l", "s"]);
  expect(await removedOf(again, "t")).toEqual({ logs: { retention: 0 } });
  await again.close();
}, 30_000);

test("what a user deleted does not go to the trash", async () => {
  const dataDir = join(root, "deleted");
  let nowMs = 100 * dayMs;
  const store = await open(dataDir, () => nowMs, { retention: { logs: "10d" } });
  await store.commit(cutOf({ logs: lines("app", ["secret"], nowMs) }, 1), () => {});
  const selectors = [[{ name: "app", op: "=" as const, value: "app" }]];
  const span = { startMs: 0, endMs: 1e15 };
  const deletion = { signal: "logs", tenant: "t", selectors, ...span, lineFilters: [] } as const;
  await store.delete({ ...deletion, query: '{app="app"}' }, "operator");
  nowMs += 11 * dayMs;
  await store.maintain();
  expect(filesOf(dataDir, ".parquet.trash")).toEqual([]);
  expect(filesOf(dataDir, ".parquet")).toEqual([]);
  await store.close();
}, 30_000);

const blocks = (folder: string) => join(folder, "blocks", "tenant=t");

/** Blocks whose rows are gone, as a crash before the commit leaves them, `lost` of `all`. */
async function withOrphans(name: string, all: number, lost: number): Promise<string> {
  const dataDir = join(root, name);
  const store = await open(dataDir, () => 100 * dayMs);
  for (let k = 1; k <= all; k++)
    await store.commit(cutOf({ metrics: [gauge("n", [99 * dayMs + k], [k])] }, k), () => {});
  await store.close();
  const catalog = new Database(join(dataDir, "catalog.db"));
  catalog.run("DELETE FROM blocks WHERE id IN (SELECT id FROM blocks ORDER BY id LIMIT ?)", [lost]);
  catalog.close();
  return dataDir;
}

const later = () => Date.now() + 1_000;
const kept = { retention: { metrics: "36500d" } };

test("a sweep moves what this catalog's processes left behind, and leaves alone what others wrote", async () => {
  const dataDir = await withOrphans("sweep", 6, 2);
  const other = await withOrphans("other", 2, 0);
  cpSync(blocks(other), blocks(dataDir), { recursive: true });
  mkdirSync(join(dataDir, "blocks", "foreign"), { recursive: true });
  await Bun.write(join(dataDir, "blocks", "foreign", "else.parquet"), "x");
  const broken = join(blocks(dataDir), "signal=metrics", "date=1970-01-01", `0a-0b.parquet`);
  await Bun.write(broken, "no Parquet");
  const store = await open(dataDir, later, kept);
  await store.maintain();
  expect(filesOf(dataDir, ".parquet.trash")).toHaveLength(2);
  // 4 with a row, 2 of the other catalog, the broken one, and the foreign one.
  expect(filesOf(dataDir, ".parquet")).toHaveLength(8);
  expect(store.maintenanceState.deletionStopped).toBe("");
  await store.close();
  const items = await within(dataDir, "read", ({ catalog }) => trashItems(catalog));
  expect(items.map(({ reason, bytes }) => [reason, bytes > 0])).toEqual([
    ["sweep", true],
    ["sweep", true],
  ]);
  // Brought back as files, they count again when the catalog is made from the files.
  const report = await within(dataDir, "write", (tools) =>
    restoreTrash(tools, ({ reason }) => reason === "sweep"),
  );
  expect(report.files).toHaveLength(2);
  for (const end of ["", "-wal", "-shm"])
    rmSync(join(dataDir, `catalog.db${end}`), { force: true });
  rmSync(broken);
  const rebuilt = await within(dataDir, "write", rebuildCatalog);
  expect(rebuilt.blocks.length + rebuilt.leftOut.length).toBe(8);
}, 30_000);

test("a sweep by a process that was followed moves nothing", async () => {
  const dataDir = await withOrphans("followed", 6, 2);
  const store = await open(dataDir, later, kept);
  const catalog = new Database(join(dataDir, "catalog.db"));
  catalog.run("UPDATE owner_lease SET epoch = epoch + 1");
  catalog.close();
  expect(await store.maintain().catch(messageOf)).toContain("no longer owns the catalog");
  expect(filesOf(dataDir, ".parquet.trash")).toEqual([]);
  expect(filesOf(dataDir, ".parquet")).toHaveLength(6);
  await store.close();
}, 30_000);

test("a deletion that is planned no more leaves the file, which may be a block's again", async () => {
  const dataDir = await withOrphans("planned", 1, 0);
  await within(dataDir, "write", async ({ catalog, objects }) => {
    const trash = new Trash({ catalog, objects, files: { remove: async () => {} }, keepMs: 0 });
    const [{ key, bytes } = { key: "", bytes: 0 }] = await catalog.blocks();
    await trash.finish({ key, bytes }, 0);
  });
  expect(filesOf(dataDir, ".parquet")).toHaveLength(1);
}, 30_000);

/** A block in the trash, moved back as by a restore that was killed before it changed the catalog. */
async function halfRestored(name: string) {
  const dataDir = join(root, name);
  let nowMs = 100 * dayMs;
  const config = { retention: { logs: "10d" } };
  const store = await open(dataDir, () => nowMs, config);
  await store.commit(cutOf({ logs: lines("app", ["one"], nowMs) }, 1), () => {});
  nowMs += 11 * dayMs;
  await store.maintain();
  await store.close();
  const [item] = await within(dataDir, "read", listTrash);
  if (item === undefined) throw new Error("the trash is empty");
  await within(dataDir, "write", ({ objects }) => objects.move(item.key, item.origin));
  return { dataDir, item };
}

async function expectOneLine(dataDir: string): Promise<void> {
  const store = await open(dataDir, () => 111 * dayMs, { retention: { logs: "20d" } });
  expect((await store.view().logs.select(allLogs)).map(({ body }) => body)).toEqual(["one"]);
  expect(await removedOf(store, "t")).toEqual({ logs: { retention: 0 } });
  await store.close();
}

test("a restore that was killed after its first file goes on when it is run again", async () => {
  const { dataDir } = await halfRestored("killed");
  const report = await within(dataDir, "write", (tools) => restoreTrash(tools, () => true));
  expect([report.blocks.length, report.files, report.refused]).toEqual([1, [], []]);
  await expectOneLine(dataDir);
}, 30_000);

test("what a killed restore has left goes to the trash again as the block that it was", async () => {
  const { dataDir } = await halfRestored("swept");
  const store = await open(dataDir, later, { retention: { logs: "36500d" } });
  await store.maintain();
  await store.close();
  expect(filesOf(dataDir, ".parquet.trash")).toHaveLength(1);
  const report = await within(dataDir, "write", (tools) => restoreTrash(tools, () => true));
  expect([report.blocks.length, report.files, report.refused]).toEqual([1, [], []]);
  await expectOneLine(dataDir);
}, 30_000);

test("of two copies that a killed move left in the trash one comes back", async () => {
  const { dataDir, item } = await halfRestored("copies");
  const again = trashKey({ ...item, trashedMs: item.trashedMs + 1 });
  await within(dataDir, "write", async ({ catalog, objects, staging }) => {
    for (const key of [item.key, again]) {
      const path = join(staging, "copy");
      await objects.get(item.origin, path);
      await objects.put(key, path);
    }
    await objects.delete(item.origin);
    const { bytes, note = null } = item;
    await catalog.transaction("note a copy", async (sql) => {
      await sql`INSERT INTO trash (key, bytes, note) VALUES (${again}, ${bytes}, ${note})`;
    });
  });
  const report = await within(dataDir, "write", (tools) => restoreTrash(tools, () => true));
  expect(report.blocks).toHaveLength(1);
  expect(report.refused.map(({ reason }) => reason)).toEqual(["the catalog has this block"]);
  await expectOneLine(dataDir);
}, 30_000);

test("a sweep that finds more than its share stops and reports it, until it is allowed to go on", async () => {
  const dataDir = await withOrphans("share", 10, 8);
  const store = await open(dataDir, later, kept);
  await store.maintain();
  expect(filesOf(dataDir, ".parquet.trash")).toEqual([]);
  expect(store.maintenanceState.deletionStopped).toContain("8 files have no row");
  expect(store.maintenanceState.deletionStopped).toContain("lapwing storage sweep --yes");
  await within(dataDir, "read", ({ catalog }) => writeState(catalog, "sweep_allowed", {}));
  await store.maintain();
  expect(filesOf(dataDir, ".parquet.trash")).toHaveLength(8);
  expect(store.maintenanceState.deletionStopped).toBe("");
  await store.close();
}, 30_000);

test("a rebuild takes the inputs of a merge where the merged file is damaged", async () => {
  const dataDir = join(root, "rebuilt from inputs");
  const merging = { ...kept, delete_after: "1d", compaction: { interval: "1d", blocks_max: 1 } };
  const store = await open(dataDir, () => 100 * dayMs, merging);
  for (let k = 1; k <= 10; k++)
    await store.commit(cutOf({ metrics: [gauge("n", [k], [k])] }, k), () => {});
  await store.maintain();
  const before = await samples(store);
  const [merged, ...others] = store.view().blocks;
  expect(others).toEqual([]);
  await store.close();
  // Its footer, by which a rebuild knows it, is whole.
  const path = join(dataDir, "blocks", merged?.key ?? "");
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0x55, 4, 60));
  for (const end of ["", "-wal", "-shm"])
    rmSync(join(dataDir, `catalog.db${end}`), { force: true });
  const { blocks: found, unreadable } = await within(dataDir, "write", rebuildCatalog);
  expect([found.length, unreadable.map(({ key }) => key)]).toEqual([10, [merged?.key ?? ""]]);
  const again = await open(dataDir, () => 100 * dayMs, { ...merging, ...quiet });
  await again.maintain();
  expect(await samples(again)).toEqual(before);
  await again.close();
}, 30_000);

test("a rebuild sends the inputs of merges to the trash, as their content is in others", async () => {
  const dataDir = join(root, "rebuilt");
  const merging = { ...kept, delete_after: "1d", compaction: { interval: "1d" } };
  const store = await open(dataDir, () => 100 * dayMs, merging);
  for (let k = 1; k <= 10; k++)
    await store.commit(cutOf({ metrics: [gauge("n", [k], [k])] }, k), () => {});
  await store.maintain();
  const before = await samples(store);
  await store.close();
  expect(filesOf(dataDir, ".parquet").length).toBeGreaterThan(10);
  for (const end of ["", "-wal", "-shm"])
    rmSync(join(dataDir, `catalog.db${end}`), { force: true });
  await within(dataDir, "write", rebuildCatalog);
  const again = await open(dataDir, () => 100 * dayMs, merging);
  await again.maintain();
  expect(filesOf(dataDir, ".parquet.trash").length).toBeGreaterThan(8);
  expect(await samples(again)).toEqual(before);
  await again.close();
}, 30_000);
