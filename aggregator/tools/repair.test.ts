import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "#shared/errors.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { backup } from "./backup.ts";
import { checkBlocks } from "./check_blocks.ts";
import { StoreConfig } from "../blocks/config.ts";
import { fileObjectStore } from "../objects/object_store_file.ts";
import { type StorageTools, withStorage } from "./storage_tools.ts";
import type { Block, Store } from "../read/store.ts";
import { cutOf, gauge, lines, openTestStore, sampleTexts } from "../read/store.fixture.ts";
import { giveUpBlocks, repairBlocks } from "./repair.ts";
import { removedOf } from "../blocks/removed.fixture.ts";

const dataDir = mkdtempSync(join(tmpdir(), "lapwing-repair-"));
const target = fileObjectStore(join(dataDir, "backups"));
const config = { compaction: { interval: "1d", enabled: false } };
const cacheFolder = join(dataDir, "cache");
const log = createLogger("error", () => {});
const open = () => openTestStore(dataDir, config, { log });
const within = <Result>(
  mode: "read" | "write",
  action: (tools: StorageTools) => Promise<Result>,
): Promise<Result> => withStorage(StoreConfig.parse(config), dataDir, mode, action);
const pathOf = ({ key }: Block) => join(dataDir, "blocks", key);
const everything = { tenant: "t", startMs: 0, endMs: 1e15, samplesMax: 1e6, matchers: [] };
const samples = async (store: Store) => sampleTexts(await store.view().metrics.select(everything));

function blocksOf(store: Store, signal: Block["signal"]): [Block, Block] {
  const [first, second] = store.view().blocks.filter((block) => block.signal === signal);
  if (first === undefined || second === undefined) throw new Error("fewer than two blocks");
  return [first, second];
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}

afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

test("damaged blocks are named, left out of a backup, repaired from an earlier one beside a running store, or given up and counted", async () => {
  let store = await open();
  try {
    for (let i = 1; i <= 2; i++) {
      const at = i * 60_000;
      const logs = lines("app", ["one", "two", "three"], at);
      await store.commit(cutOf({ metrics: [gauge("up", [at], [i])], logs }, i), () => {});
    }
    await within("read", (tools) => backup(tools, target));
    const late = lines("late", ["four", "five"], 180_000);
    await store.commit(
      cutOf({ metrics: [gauge("late", [180_000, 180_001], [3, 4])], logs: late }, 3),
      () => {},
    );

    const [metricsBlock] = blocksOf(store, "metrics");
    const [logsBlock] = blocksOf(store, "logs");
    const newest = store.view().blocks.slice(-2);
    flip(pathOf(metricsBlock));
    rmSync(pathOf(logsBlock));
    for (const block of newest) truncateSync(pathOf(block), 100);
    expect(await samples(store)).toEqual(["up 120000=2"]);

    const { faults } = await within("read", checkBlocks);
    expect(faults.map(({ block }) => block.id).toSorted()).toEqual(
      [metricsBlock, logsBlock, ...newest].map(({ id }) => id).toSorted(),
    );
    const again = await within("read", (tools) => backup(tools, target));
    expect(again.damaged.toSorted()).toEqual(newest.map(({ key }) => key).toSorted());
    expect(again.blocks).toBe(4);

    const report = await within("read", (tools) =>
      repairBlocks(tools, { backup: target, cacheFolder }),
    );
    expect(report.repaired.map(({ block }) => block.id).toSorted()).toEqual(
      [metricsBlock.id, logsBlock.id].toSorted(),
    );
    expect(report.repaired.map(({ source }) => source)).toEqual(["backup", "backup"]);
    expect(report.left.map(({ block }) => block.id).toSorted()).toEqual(
      newest.map(({ id }) => id).toSorted(),
    );
    await store.maintain();
    expect(await samples(store)).toEqual(["up 60000=1 120000=2"]);
    await store.close();

    const giveUp = (ids: readonly string[]) =>
      within("write", (tools) => giveUpBlocks(tools, ids, "the disk failed"));
    expect(await giveUp([metricsBlock.id]).catch(messageOf)).toContain(
      "is whole: only a damaged one is given up",
    );
    expect(await giveUp(["no-block"]).catch(messageOf)).toBe(
      'block "no-block": expected the id of a block',
    );
    const given = await giveUp(newest.map(({ id }) => id));
    expect(given.map(({ items }) => items)).toEqual([2, 2]);
    store = await open();
    // All that was stored: what is there, and what is lost.
    expect(await removedOf(store, "t")).toEqual({ logs: { lost: 2 }, metrics: { lost: 2 } });
    expect(store.view().blocks.reduce((sum, { items }) => sum + items, 0)).toBe(8);
    expect((await within("read", checkBlocks)).faults).toEqual([]);
  } finally {
    await store.close();
  }
});
