import { expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { openStore } from "#aggregator/blocks/open_store.ts";
import { fileObjectStore } from "#aggregator/objects/object_store_file.ts";
import { backup, restore } from "#aggregator/tools/backup.ts";
import { checkBlocks } from "#aggregator/tools/check_blocks.ts";
import { rebuildCatalog } from "#aggregator/tools/rebuild_catalog.ts";
import { withStorage } from "#aggregator/tools/storage_tools.ts";
import { listTrash, restoreTrash } from "#aggregator/tools/restore_trash.ts";
import type { TrashItem } from "#aggregator/blocks/trash/trash.ts";
import { messageOf } from "#shared/errors.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { spans } from "./span.ts";
import { spansKeptMs } from "./stored_spans.ts";
import { signals, until, World } from "./world.ts";

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
  await inventory(world);
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
  world.agent.output.drop(spans.name, "rate_limit", 3);
  const ahead = { name: "ahead", startMs: Date.now() + dayMs, durationMs: 1 };
  await world.writeSpans([ahead, ahead]);
  await world.taken();
  // The head: there before there is any block.
  expect(await world.blocksOf("spans")).toEqual([]);
  expect(world.recentSpans()).toHaveLength(10);
  expect(await world.measured("lapwing_head_items")).toMatchObject({ logs: 10, spans: 10 });
  const dropped = { rate_limit: 3, out_of_bounds_timestamp: 2 };
  await until("the drops of the agent", async () => sumOf(await world.account(spans.name)) === 5);
  expect(await world.account(spans.name)).toEqual({
    collected: 15,
    stored: 0,
    inFlight: 10,
    dropped,
  });
  // Blocks: one a signal and flush.
  await world.flush();
  expect(world.recentSpans()).toEqual([]);
  for (const after of [20_000, 40_000]) {
    await world.write(startMs + after);
    await world.taken();
    await world.flush();
  }
  for (const signal of ["logs", "spans"]) {
    expect(await world.blocksOf(signal)).toHaveLength(3);
    expect(await world.items(signal)).toBe(30);
  }
  expect(await world.account(spans.name)).toEqual({
    collected: 35,
    stored: 30,
    inFlight: 0,
    dropped,
  });
  for (const signal of ["metrics", "logs"] as const)
    expect(await world.account(signal)).toMatchObject({ collected: 30, stored: 30, inFlight: 0 });
  // The uplink's way back: the spool knows what is committed.
  await until("the spool to hear what is committed", () => world.isCommitted());
}

function sumOf({ dropped }: { readonly dropped: Readonly<Record<string, number>> }): number {
  return Object.values(dropped).reduce((sum, items) => sum + items, 0);
}

async function compaction(world: World): Promise<void> {
  const before = await world.stored();
  await world.maintain();
  for (const signal of ["logs", "spans"]) {
    expect(await world.blocksOf(signal)).toHaveLength(1);
    expect(await world.items(signal)).toBe(30);
  }
  expect(await world.stored()).toEqual(before);
}

async function inventory(world: World): Promise<void> {
  const { shares, head } = await world.storage();
  expect(head?.items.map(({ signal, unit }) => [signal, unit])).toEqual([
    ["metrics", "samples"],
    ["logs", "lines"],
    ["spans", "spans"],
  ]);
  expect(shares).toMatchObject([
    { signal: "spans", blocks: 1, items: 30, retentionMs: spansKeptMs, waitingBlocks: 0 },
    { signal: "metrics", retentionMs: 30 * dayMs },
    { signal: "logs", blocks: 1, items: 30, retentionMs: 30 * dayMs },
  ]);
  expect(await world.blocksOf("")).toHaveLength(
    shares.reduce((sum, { blocks }) => sum + blocks, 0),
  );
  expect(await world.blocksOf("sagas").catch(messageOf)).toContain("expected metrics, logs, spans");
}

/** Hidden at once, then out of the file. */
async function deletion(world: World, startMs: number): Promise<void> {
  expect(await world.deleteSpans("put", startMs, startMs + 10_000)).toBe(1);
  const left = await world.stored();
  expect(left).toHaveLength(25);
  expect(await world.items("spans")).toBe(30);
  expect(await world.deletions()).toMatchObject([{ query: '{name="put"}', status: "received" }]);
  const before = await world.stored();
  expect(await world.deleteSpans("get", startMs, startMs + 10_000)).toBe(1);
  expect(await world.stored()).toHaveLength(20);
  const [, other] = await world.deletions();
  await world.cancelDeletion(other?.id ?? "");
  expect(await world.stored()).toEqual(before);
  await world.maintain();
  expect(await world.deletions()).toMatchObject([{ status: "processed", removed_items: 5 }]);
  expect(await world.items("spans")).toBe(25);
  expect(await world.stored()).toEqual(left);
  expect(await world.removed()).toEqual({ deleted: 5 });
  expect(await world.items("logs")).toBe(30);
}

async function backupAndRestore(world: World): Promise<void> {
  const target = fileObjectStore(join(world.folder, "backup"));
  const taken = await world.command("read", (tools) => backup(tools, target));
  const blocks = (await world.blocksOf("")).length;
  expect(taken).toMatchObject({ blocks, copied: blocks, damaged: [] });
  const other = join(world.folder, "restored");
  await world.command("write", (tools) => restore(tools, target), other);
  const report = await world.command("read", checkBlocks, other);
  expect(report).toMatchObject({ blocks, faults: [], orphans: [] });
  const restored = await world.command("read", ({ catalog }) => catalog.blocks(), other);
  const own = restored.filter(({ signal }) => signal === spans.name);
  expect(own.map(({ items }) => items)).toEqual([25]);
}

async function rebuild(world: World, startMs: number): Promise<void> {
  const [before, account] = [await world.stored(), await world.account(spans.name)];
  await world.stop();
  await loseCatalog(world);
  const report = await world.command("write", rebuildCatalog);
  expect(report.unreadable).toEqual([]);
  expect([...new Set(report.blocks.map(({ signal }) => String(signal)))].toSorted()).toEqual([
    "logs",
    "metrics",
    "spans",
  ]);
  expect((await world.command("read", checkBlocks)).faults).toEqual([]);
  await world.start();
  await world.taken();
  await until("the account", async () => (await world.account(spans.name)).inFlight === 0);
  expect(await world.account(spans.name)).toEqual(account);
  expect(await world.stored()).toEqual(before);
  // In mid-epoch: the decoder is brought back by the frames before.
  await world.write(startMs + 60_000);
  await world.taken();
  await world.flush();
  for (const signal of all) expect((await world.account(signal)).stored).toBe(40);
  expect([await world.items("spans"), await world.items("logs")]).toEqual([35, 40]);
}

function isOld({ maxMs }: { readonly maxMs: number }): boolean {
  return maxMs < Date.now() - spansKeptMs;
}

function isExpired({ reason }: TrashItem): boolean {
  return reason === "retention";
}

/** What is older than spans are kept goes to the trash; samples and lines of the same age stay. */
async function retention(world: World): Promise<void> {
  await world.write(Date.now() - spansKeptMs - hourMs);
  await world.taken();
  await world.flush();
  const old = (await world.blocksOf("spans")).find(isOld);
  expect(old?.items).toBe(10);
  for (let round = 0; round < 2; round++) await world.maintain();
  expect([await world.items("spans"), await world.items("logs")]).toEqual([35, 50]);
  expect((await world.blocksOf("metrics")).filter(isOld)).toHaveLength(1);
  expect(await world.account(spans.name)).toMatchObject({
    collected: 55,
    stored: 50,
    inFlight: 0,
  });
  // The rebuilt catalog does not know what had left before.
  expect(await world.removed()).toEqual({ retention: 10 });
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
  const config = { ...world.storeConfig, sweep_after: 0 };
  const { dataDir } = world;
  await world.start();
  expect(await world.removed()).toEqual({ retention: 0 });
  await world.deleteSpans("get", 0, Date.now());
  await world.stop();
  const [waiting] = await world.command("read", ({ catalog }) => catalog.tombstones());
  const selectors = [[{ name: "name", op: "=", value: "get" }]];
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
