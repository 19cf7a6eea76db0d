import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { formatDuration } from "#shared/text/duration.ts";
import type { Block } from "../../read/store.ts";

export type TierMeters = {
  written(buckets: number, bytes: number, bucketMs: number): void;
  downsampled(blocks: number, bucketMs: number): void;
  blocks(blocks: readonly Block[]): void;
};

/** Metrics of tiers; `tier` is the width of the buckets, as "5m". */
export function tierMeters(metrics: SelfMetrics): TierMeters {
  const labels = ["tier"];
  const counter = (name: string, help: string) =>
    metrics.counter(`lapwing_store_tier_${name}`, help, labels);
  const gauge = (name: string, help: string) =>
    metrics.gauge(`lapwing_store_tier_${name}`, help, labels);
  const buckets = counter("buckets_written_total", "Buckets in blocks of a tier written.");
  const bytes = counter("bytes_written_total", "Bytes of blocks of a tier written.");
  const downsampled = counter(
    "downsampled_blocks_total",
    "Blocks out of which a tier's were made, once a day that they reach into.",
  );
  const blockCount = gauge("blocks", "Visible blocks of a tier.");
  const blockBytes = gauge("block_bytes", "Bytes of visible blocks of a tier.");
  const oldest = gauge("oldest_timestamp_seconds", "Time of the oldest bucket of a tier.");
  const newest = gauge("newest_timestamp_seconds", "Time of the newest bucket of a tier.");
  const known = new Set<number>();
  return {
    written(bucketCount, byteCount, bucketMs) {
      const tier = formatDuration(bucketMs);
      buckets.inc({ tier }, bucketCount);
      bytes.inc({ tier }, byteCount);
    },
    downsampled: (blocks, bucketMs) => downsampled.inc({ tier: formatDuration(bucketMs) }, blocks),
    blocks(blocks) {
      const byTier = new Map([...known].map((bucketMs): [number, Block[]] => [bucketMs, []]));
      for (const block of blocks) {
        if (block.bucketMs === undefined) continue;
        known.add(block.bucketMs);
        const some = byTier.get(block.bucketMs);
        if (some === undefined) byTier.set(block.bucketMs, [block]);
        else some.push(block);
      }
      for (const [bucketMs, some] of byTier) {
        const tier = formatDuration(bucketMs);
        blockCount.set({ tier }, some.length);
        blockBytes.set(
          { tier },
          some.reduce((sum, block) => sum + block.bytes, 0),
        );
        if (some.length === 0) continue;
        oldest.set({ tier }, Math.min(...some.map(({ minMs }) => minMs)) / 1_000);
        newest.set({ tier }, Math.max(...some.map(({ maxMs }) => maxMs)) / 1_000);
      }
    },
  };
}
