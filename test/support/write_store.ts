import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StoreConfig } from "#aggregator/blocks/config.ts";
import { cutContentOf } from "#aggregator/read/cut_content.ts";
import { cutMetricsOf } from "#aggregator/read/cut_metrics.ts";
import { openStore } from "#aggregator/blocks/open_store.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { type HostSeries, type NodeHosts, intervalMs } from "./node_hosts.ts";

/** Blocks of two hours: what compaction makes of a day's flushes. */
const scrapesPerBlock = 480;

/**
 * Fills the store of a data directory with `count` scrapes of all hosts, ending with the last whole block, and gives the time of the first;
 * `isUpToNow` adds those since then. A directory that was filled before is used as it is.
 */
export async function writeStore(
  dataDir: string,
  nodes: NodeHosts,
  hosts: number,
  count: number,
  isUpToNow = false,
): Promise<number> {
  const mark = join(dataDir, "filled");
  if (existsSync(mark)) return Number(await readFile(mark, "utf8"));
  console.error(`writing ${nodes.series * count} samples ...`);
  const windowMs = scrapesPerBlock * intervalMs;
  const nowMs = Date.now();
  const startMs = Math.floor(nowMs / windowMs) * windowMs - count * intervalMs;
  const all = isUpToNow ? Math.floor((nowMs - startMs) / intervalMs) : count;
  function* blocks(): Generator<readonly HostSeries[]> {
    for (let from = 0; from < all; from += scrapesPerBlock) {
      const scrapes = Math.min(scrapesPerBlock, all - from);
      yield Array.from({ length: hosts }, (_, host) =>
        nodes.window(host, startMs, from, scrapes),
      ).flat();
    }
  }
  await writeBlocks(dataDir, blocks());
  await writeFile(mark, String(startMs));
  return startMs;
}

/** Writes a block of each of the lists into the store of a data directory. */
export async function writeBlocks(
  dataDir: string,
  blocks: Iterable<readonly HostSeries[]>,
): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const store = await openStore(StoreConfig.parse({ compaction: { enabled: false } }), {
    dataDir: join(dataDir, "aggregator"),
    clock: systemClock,
    log: createLogger("error"),
    metrics: createSelfMetrics(),
  });
  try {
    for (const series of blocks) {
      const metrics = new Map([["default", cutMetricsOf(series)]]);
      const rest = { families: new Map(), lanes: [], carrier: {} };
      await store.commit({ content: cutContentOf({ metrics }), ...rest }, () => {});
    }
  } finally {
    await store.close();
  }
}
