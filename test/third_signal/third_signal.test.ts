import { expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { openStore } from "#aggregator/blocks/open_store.ts";
import { blockPage } from "#aggregator/inventory/block_pages.ts";
import { storageShares } from "#aggregator/inventory/storage.ts";
import { fileObjectStore } from "#aggregator/objects/object_store_file.ts";
import { backup, restore } from "#aggregator/tools/backup.ts";
import { checkBlocks } from "#aggregator/tools/check_blocks.ts";
import { rebuildCatalog } from "#aggregator/tools/rebuild_catalog.ts";
import { withStorage } from "#aggregator/tools/storage_tools.ts";
import { listTrash, restoreTrash } from "#aggregator/tools/restore_trash.ts";
import type { TrashItem } from "#aggregator/blocks/trash/trash.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { spans, SpansBatch } from "./span.ts";
import { spansKeptMs } from "./stored_spans.ts";
import { signals, storeConfig, tenant, until, World } from "./world.ts";

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
const all = signals.names;

test("spans, a signal of this folder alone, go from the spool to blocks and back from a backup, beside metrics and logs", async () => {
  const world = await World.open();
  try {
    await wholeWay(world);
  } finally {
    await world.close();
  }
}, 120_000);

test.skipIf(natsServerPath === undefined)(
  "spans go over NATS, too (needs nats-server)",
  async () => {
    const nats = await startNats();
    const world = await World.open(nats.url);
    try {
      await fromSpoolToBlocks(world, hourAgo());
    } finally {
      await world.close();
      await nats.stop();
    }
  },
  120_000,
);

/** The start of a quarter of an hour that ended a while ago, so that its blocks are merged. */
function hourAgo(): number {
  return Math.floor((Date.now() - hourMs) / (15 * minuteMs)) * 15 * minuteMs;
}

async function wholeWay(world: World): Promise<void> {
  const startMs = hourAgo();
  await fromSpoolToBlocks(world, startMs);
  await compaction(world);
  inventory(world);
  await deletion(world, startMs);
  await backupAndRestore(world);
  await rebuild(world, startMs);
  await retention(world);
  await anotherVersion(world);
}

/** 30 items of each signal, of spans 5 more that are dropped on the way. */
async function fromSpoolToBlocks(world: World, startMs: number): Promise<void> {
  await world.start();
  await world.write(startMs);
  world.spool.lane(spans.name).drop("rate_limit", 3);
  const ahead = { name: "ahead", startMs: Date.now() + dayMs, durationMs: 1 };
  await world.spool.added(spans.name)?.write(new SpansBatch([ahead, ahead]));
  await world.taken();
  // The head: there before there is any block.
  expect(world.blocks(spans.name)).toEqual([]);
  expect(world.spansHead.of(tenant)).toHaveLength(10);
  expect(await world.measured("lapwing_head_items")).toEqual({ metrics: 10, logs: 10, spans: 10 });
  const dropped = { rate_limit: 3, out_of_bounds_timestamp: 2 };
  expect(world.account(spans.name)).toEqual({ collected: 15, stored: 0, inFlight: 10, dropped });
  // Blocks: one a signal and flush.
  await world.ingest.flush();
  expect(world.spansHead.of(tenant)).toEqual([]);
  for (const after of [20_000, 40_000]) {
    await world.write(startMs + after);
    await world.taken();
    await world.ingest.flush();
  }
  for (const signal of all) {
    expect(world.blocks(signal)).toHaveLength(3);
    expect(world.items(signal)).toBe(30);
  }
  expect(world.account(spans.name)).toEqual({ collected: 35, stored: 30, inFlight: 0, dropped });
  for (const signal of ["metrics", "logs"] as const)
    expect(world.account(signal)).toMatchObject({ collected: 30, stored: 30, inFlight: 0 });
  // The uplink's way back: the spool knows what is committed.
  await until("the spool to hear what is committed", () =>
    world.spool.lanes.every(({ signal, files }) => {
      const { epoch, sequence } = world.spool.committedPosition(signal);
      const { position } = files.synced;
      return epoch === position.epoch && sequence === position.sequence;
    }),
  );
}

async function compaction(world: World): Promise<void> {
  const before = await world.stored();
  await world.store.maintain();
  for (const signal of all) {
    expect(world.blocks(signal)).toHaveLength(1);
    expect(world.items(signal)).toBe(30);
  }
  expect(await world.stored()).toEqual(before);
}

function inventory(world: World): void {
  const { blocks } = world.store.view();
  const shares = storageShares(blocks, tenant, storeConfig, Date.now(), signals);
  expect(shares).toMatchObject([
    { signal: "spans", blocks: 1, items: 30, retentionMs: spansKeptMs, waitingBlocks: 0 },
    { signal: "metrics", blocks: 1, items: 30, retentionMs: 30 * dayMs },
    { signal: "logs", blocks: 1, items: 30, retentionMs: 30 * dayMs },
  ]);
  const search = { tenant, signal: "spans", startMs: 0, endMs: Date.now(), page: "", limit: 9 };
  expect(blockPage(blocks, search, all).total).toBe(1);
  expect(() => blockPage(blocks, search)).toThrow("expected metrics, logs");
}

/** Hidden at once, then out of the file. */
async function deletion(world: World, startMs: number): Promise<void> {
  const selectors = [[{ name: "name", op: "=" as const, value: "put" }]];
  const what = { signal: spans.name, tenant, selectors, startMs, endMs: startMs + 10_000 };
  expect(await world.store.deleteSeries(what, "somebody")).toBe(1);
  const left = await world.stored();
  expect(left).toHaveLength(25);
  expect(world.items(spans.name)).toBe(30);
  await world.store.maintain();
  expect(world.items(spans.name)).toBe(25);
  expect(await world.stored()).toEqual(left);
  expect(await world.removed()).toEqual({ spans: { deleted: 5 } });
  for (const signal of ["metrics", "logs"] as const) expect(world.items(signal)).toBe(30);
}

async function backupAndRestore(world: World): Promise<void> {
  const target = fileObjectStore(join(world.folder, "backup"));
  const taken = await backup(world.store.backupTools, target);
  expect(taken).toMatchObject({ blocks: 3, copied: 3, damaged: [] });
  const other = join(world.folder, "restored");
  await world.command("write", (tools) => restore(tools, target), other);
  const report = await world.command("read", checkBlocks, other);
  expect(report).toEqual({ blocks: 3, items: 85, faults: [], orphans: [] });
}

async function rebuild(world: World, startMs: number): Promise<void> {
  const [before, account] = [await world.stored(), world.account(spans.name)];
  await world.stop();
  await loseCatalog(world);
  const report = await world.command("write", rebuildCatalog);
  expect(report).toMatchObject({ lanes: 3, unreadable: [] });
  expect(report.blocks.map(({ signal }) => String(signal)).toSorted()).toEqual([
    "logs",
    "metrics",
    "spans",
  ]);
  expect((await world.command("read", checkBlocks)).faults).toEqual([]);
  await world.start();
  await world.taken();
  expect(world.account(spans.name)).toEqual(account);
  expect(await world.stored()).toEqual(before);
  // In mid-epoch: the decoder is brought back by the frames before.
  await world.write(startMs + 60_000);
  await world.taken();
  await world.ingest.flush();
  for (const signal of all) expect(world.account(signal).stored).toBe(40);
  expect([world.items(spans.name), world.items("metrics"), world.items("logs")]).toEqual([
    35, 40, 40,
  ]);
}

function isExpired({ reason }: TrashItem): boolean {
  return reason === "retention";
}

/** What is older than spans are kept goes to the trash; samples and lines of the same age stay. */
async function retention(world: World): Promise<void> {
  await world.write(Date.now() - spansKeptMs - hourMs);
  await world.taken();
  await world.ingest.flush();
  const old = world.blocks(spans.name).find(({ maxMs }) => maxMs < Date.now() - spansKeptMs);
  expect(old?.items).toBe(10);
  for (let round = 0; round < 2; round++) await world.store.maintain();
  expect([world.items(spans.name), world.items("metrics"), world.items("logs")]).toEqual([
    35, 50, 50,
  ]);
  expect(world.account(spans.name)).toMatchObject({ collected: 55, stored: 50, inFlight: 0 });
  // The rebuilt catalog does not know what had left before.
  expect(await world.removed()).toEqual({ spans: { retention: 10 } });
  await world.stop();
  const trash = await world.command("read", listTrash);
  expect(trash.filter(isExpired).map(({ origin }) => origin)).toEqual([old?.key ?? ""]);
  const { blocks, refused } = await world.command("write", (tools) =>
    restoreTrash(tools, isExpired),
  );
  expect([blocks.map(({ id }) => id), refused]).toEqual([[old?.id ?? ""], []]);
  expect((await world.command("read", checkBlocks)).faults).toEqual([]);
}

/** A version that does not know of spans leaves them as they are, with what is to be deleted, and even where it has to rebuild the catalog. */
async function anotherVersion(world: World): Promise<void> {
  const config = { ...storeConfig, sweep_after: 0 };
  const { dataDir } = world;
  await world.start();
  expect(await world.removed()).toEqual({ spans: { retention: 0 } });
  const selectors = [[{ name: "name", op: "=" as const, value: "get" }]];
  const what = { signal: spans.name, tenant, selectors, startMs: 0, endMs: Date.now() };
  await world.store.deleteSeries(what, "somebody");
  await world.stop();
  const [waiting] = await world.command("read", ({ catalog }) => catalog.tombstones());
  expect(waiting).toMatchObject({ signal: spans.name, selectors });
  const open = () =>
    openStore(config, {
      clock: systemClock,
      log: silentLogger,
      metrics: createSelfMetrics(),
      dataDir,
    });
  const store = await open();
  await store.maintain();
  const kept = store.view().blocks.filter(({ signal }) => signal === spans.name);
  expect(kept.reduce((sum, { items }) => sum + items, 0)).toBe(45);
  expect((await store.recover()).lanes.map(({ lane }) => lane.signal)).toContain(spans.name);
  await store.close();
  await loseCatalog(world);
  const { unreadable } = await withStorage(config, dataDir, "write", rebuildCatalog);
  const keys = kept.map(({ key }) => key).toSorted();
  expect(unreadable.map(({ key }) => key).toSorted()).toEqual(keys);
  const again = await open();
  await again.maintain();
  await again.close();
  for (const key of keys) expect(await Bun.file(join(dataDir, "blocks", key)).exists()).toBe(true);
}

async function loseCatalog({ dataDir }: World): Promise<void> {
  for (const name of ["catalog.db", "catalog.db-wal", "catalog.db-shm"])
    await rm(join(dataDir, name), { force: true });
}
