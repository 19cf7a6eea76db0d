import type { Signal } from "#shared/signals.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { Removal } from "../../read/removals.ts";
import type { Block } from "../../read/store.ts";
import { tierMeters } from "./tier_meters.ts";
import { trashMeters, type TrashMeters } from "./trash_meters.ts";

export type StoreMeters = TrashMeters & {
  /** `bucketMs` of a tier's block. */
  written(signal: Block["signal"], items: number, bytes: number, bucketMs?: number): void;
  downsampled(blocks: number, bucketMs: number): void;
  blocks(blocks: readonly Block[]): void;
  merged(blocks: number): void;
  expired(blocks: number): void;
  rewritten(blocks: number): void;
  swept(objects: number): void;
  /** Items that were stored and are in no block any more. */
  removed(removals: readonly Removal[]): void;
  maintenanceFailed(): void;
  /** Deletions that are kept but not applied. */
  unreadableDeletions(deletions: number): void;
};

export function storeMeters(metrics: SelfMetrics, signals: readonly Signal[]): StoreMeters {
  const counter = (name: string, help: string) => metrics.counter(`lapwing_store_${name}`, help);
  const items = metrics.counter(
    "lapwing_store_items_written_total",
    "Items in blocks written, merges included.",
    ["signal"],
  );
  const bytes = metrics.counter(
    "lapwing_store_bytes_written_total",
    "Bytes of blocks written, merges included.",
    ["signal"],
  );
  const blockCount = metrics.gauge("lapwing_store_blocks", "Visible blocks.", ["signal"]);
  const blockBytes = metrics.gauge("lapwing_store_block_bytes", "Bytes of visible blocks.", [
    "signal",
  ]);
  const tiers = tierMeters(metrics);
  const merged = counter("merged_blocks_total", "Blocks replaced by larger ones.");
  const expired = counter("expired_blocks_total", "Blocks removed by retention.");
  const rewritten = counter("rewritten_blocks_total", "Blocks rewritten without deleted series.");
  const swept = counter("swept_objects_total", "Objects moved to the trash that no block had.");
  const removed = metrics.counter(
    "lapwing_store_removed_items_total",
    "Items that were stored and left the blocks for good, by reason.",
    ["signal", "reason"],
  );
  const failed = counter("maintenance_failures_total", "Rounds of background work that failed.");
  const unreadable = metrics.gauge(
    "lapwing_store_unreadable_deletions",
    "Deletions that are not applied, because their queries can't be read any more.",
  );
  return {
    unreadableDeletions: (deletions) => unreadable.set({}, deletions),
    downsampled: (blocks, bucketMs) => tiers.downsampled(blocks, bucketMs),
    written(signal, itemCount, byteCount, bucketMs) {
      if (bucketMs !== undefined) {
        tiers.written(itemCount, byteCount, bucketMs);
        return;
      }
      items.inc({ signal }, itemCount);
      bytes.inc({ signal }, byteCount);
    },
    blocks(blocks) {
      for (const signal of signals) {
        const some = blocks.filter(
          (block) => block.signal === signal && block.bucketMs === undefined,
        );
        blockCount.set({ signal }, some.length);
        blockBytes.set(
          { signal },
          some.reduce((sum, block) => sum + block.bytes, 0),
        );
      }
      tiers.blocks(blocks);
    },
    merged: (blocks) => merged.inc(blocks),
    expired: (blocks) => expired.inc(blocks),
    rewritten: (blocks) => rewritten.inc(blocks),
    swept: (objects) => swept.inc(objects),
    ...trashMeters(metrics),
    removed(removals) {
      for (const one of removals)
        removed.inc({ signal: one.signal, reason: one.reason }, one.items);
    },
    maintenanceFailed: () => failed.inc(),
  };
}
