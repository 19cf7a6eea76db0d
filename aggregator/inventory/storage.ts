import type { StatsFs } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import type { AggregatorConfig } from "../config/config.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { count } from "../catalog/catalog_count.ts";
import { blocksFolder, storageUrl as urlOfBlocks } from "../objects/storage_url.ts";
import { planMerge } from "../blocks/compaction/plan_merge.ts";
import type { Block } from "../read/store.ts";
import type { StoredSignals } from "../blocks/signals/stored_signal.ts";
import { storedSignals } from "../blocks/signals/stored_signals.ts";

/** What is stored of one tenant, signal and tier. */
export type StorageShare = {
  readonly tenant: string;
  readonly signal: Block["signal"];
  /** 0 for samples as they came, and for logs. */
  readonly bucketMs: number;
  readonly blocks: number;
  readonly bytes: number;
  readonly rows: number;
  readonly items: number;
  readonly oldestMs: number;
  readonly newestMs: number;
  /** How long it is kept at least; some streams of logs may have other times. 0 where this version does not know the signal. */
  readonly retentionMs: number;
  /** Blocks that the next rounds merge. */
  readonly waitingBlocks: number;
};

export type Volume = {
  readonly name: "data" | "cache" | "blocks";
  readonly path: string;
  /** Of its file system. */
  readonly freeBytes: number;
  readonly sizeBytes: number;
  /** Of Lapwing there, and the bound it keeps; 0 where that is not known, or there is none. */
  readonly usedBytes: number;
  readonly usedBytesMax: number;
};

/** Merges that are looked ahead for; each reads all blocks of the share. */
const mergesMax = 16;

/** Of one tenant: metrics before logs, finer before coarser. */
export function storageShares(
  all: readonly Block[],
  tenant: string,
  config: AggregatorConfig["storage"],
  nowMs: number,
  signals: StoredSignals = storedSignals(),
): StorageShare[] {
  const own = all.filter((block) => block.tenant === tenant);
  const groups = Map.groupBy(own, ({ signal, bucketMs = 0 }) => `${signal} ${bucketMs}`);
  return [...groups.values()]
    .flatMap((blocks) => {
      const [first] = blocks;
      if (first === undefined) return [];
      const { signal, bucketMs = 0 } = first;
      const stored = signals.find(signal);
      const sum = (of: (block: Block) => number) =>
        blocks.reduce((total, block) => total + of(block), 0);
      return {
        tenant,
        signal,
        bucketMs,
        blocks: blocks.length,
        bytes: sum((block) => block.bytes),
        rows: sum((block) => block.rows),
        items: sum((block) => block.items),
        oldestMs: blocks.reduce((least, { minMs }) => Math.min(least, minMs), Infinity),
        newestMs: blocks.reduce((most, { maxMs }) => Math.max(most, maxMs), -Infinity),
        retentionMs: stored?.keptMs(config, first) ?? 0,
        waitingBlocks: stored === undefined ? 0 : waitingBlocks(blocks, config, nowMs),
      };
    })
    .toSorted((a, b) => b.signal.localeCompare(a.signal) || a.bucketMs - b.bucketMs);
}

function waitingBlocks(
  blocks: readonly Block[],
  { compaction }: AggregatorConfig["storage"],
  nowMs: number,
): number {
  if (!compaction.enabled) return 0;
  let left = blocks;
  let waiting = 0;
  for (let merges = 0; merges < mergesMax; merges++) {
    const inputs = planMerge(left, nowMs, compaction);
    if (inputs === undefined) break;
    waiting += inputs.length;
    const gone = new Set(inputs.map(({ id }) => id));
    left = left.filter(({ id }) => !gone.has(id));
  }
  return waiting;
}

/** Where data lies on this host, with the room that is left. A folder that can't be asked has none. */
export async function storageVolumes(
  { data_dir: dataDir, storage }: Pick<AggregatorConfig, "data_dir" | "storage">,
  used: { readonly blockBytes: number; readonly cacheBytes: number },
): Promise<Volume[]> {
  const own = resolve(dataDir, "aggregator");
  const cache = storage.cache.path === "" ? join(own, "cache") : resolve(storage.cache.path);
  const blocks = blocksFolder(storage.url, own);
  const isBucket = blocks === undefined;
  return Promise.all([
    volume("data", resolve(dataDir), 0, 0),
    ...(isBucket ? [volume("cache", cache, used.cacheBytes, storage.cache.size_max)] : []),
    ...(isBucket ? [] : [volume("blocks", blocks, used.blockBytes, 0)]),
  ]);
}

/** As people may read it: no keys are in it. */
export function storageUrl({ data_dir: dataDir, storage: { url } }: AggregatorConfig): string {
  return urlOfBlocks(url, resolve(dataDir, "aggregator"));
}

async function volume(
  name: Volume["name"],
  path: string,
  usedBytes: number,
  usedBytesMax: number,
): Promise<Volume> {
  const of = await fileSystemOf(path);
  return {
    name,
    path,
    freeBytes: of === undefined ? 0 : of.bavail * of.bsize,
    sizeBytes: of === undefined ? 0 : of.blocks * of.bsize,
    usedBytes,
    usedBytesMax,
  };
}

/** A folder that is made when it is needed will be where its parent is. */
async function fileSystemOf(path: string): Promise<StatsFs | undefined> {
  for (let at = path; ; at = dirname(at)) {
    const found = await statfs(at).catch(() => undefined);
    if (found !== undefined || dirname(at) === at) return found;
  }
}

/** Files of removed blocks that stay for queries that still read them, or could not be deleted yet. */
export function pendingDeletions(catalog: Pick<Catalog, "transaction">): Promise<FilesSize> {
  return catalog.transaction("read deletions", async (sql) => {
    const rows = await sql`SELECT count(*) AS files, coalesce(sum(bytes), 0) AS bytes
      FROM deletions`;
    return sizeOf([...rows]);
  });
}

/** Files in the trash. */
export function trashSize(catalog: Pick<Catalog, "transaction">): Promise<FilesSize> {
  return catalog.transaction("read the trash", async (sql) => {
    const rows = await sql`SELECT count(*) AS files, coalesce(sum(bytes), 0) AS bytes FROM trash`;
    return sizeOf([...rows]);
  });
}

type FilesSize = { readonly files: number; readonly bytes: number };

function sizeOf(rows: readonly unknown[]): FilesSize {
  const [found] = z.array(z.object({ files: count, bytes: count })).parse(rows);
  return found ?? { files: 0, bytes: 0 };
}
