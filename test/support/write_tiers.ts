import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { blockKey } from "#aggregator/blocks/block_key.ts";
import { Catalog } from "#aggregator/catalog/catalog.ts";
import { checksumOf } from "#aggregator/objects/checksum.ts";
import { Duckdb } from "#aggregator/duckdb/duckdb.ts";
import { compareTexts, SeriesTexts } from "#aggregator/blocks/series/labels_text.ts";
import type { Block } from "#aggregator/read/store.ts";
import { BucketBuffer } from "#aggregator/blocks/tiers/bucket_buffer.ts";
import { downsample } from "#aggregator/blocks/tiers/downsample.ts";
import { windowMs } from "#aggregator/blocks/tiers/windows.ts";
import { writeTierRows } from "#aggregator/blocks/tiers/write_tier.ts";
import { type NodeHosts, intervalMs } from "./node_hosts.ts";

export type FilledTiers = {
  readonly startMs: number;
  readonly buckets: number;
  readonly bytes: number;
};

/**
 * Fills the store of a data directory with `days` days of a tier, ending with yesterday, as maintenance would have left them once the
 * samples have aged out. A directory that was filled before is used as it is.
 */
export async function writeTiers(
  dataDir: string,
  nodes: NodeHosts,
  hosts: number,
  days: number,
  bucketMs: number,
): Promise<FilledTiers> {
  const mark = join(dataDir, "filled_tiers");
  if (existsSync(mark)) return JSON.parse(await readFile(mark, "utf8"));
  const folder = join(dataDir, "aggregator");
  await mkdir(folder, { recursive: true });
  const duckdb = new Duckdb({
    memoryBytes: 1 << 30,
    threads: 2,
    connectionsMax: 1,
    temporaryFolder: join(folder, "spill"),
  });
  const catalog = await Catalog.open(`sqlite://${join(folder, "catalog.db")}`);
  const startMs = Math.floor(Date.now() / windowMs) * windowMs - days * windowMs;
  let buckets = 0;
  let bytes = 0;
  try {
    for (let day = 0; day < days; day++) {
      const written = await writeDay(duckdb, folder, nodes, { hosts, startMs, day, bucketMs });
      const rest = { removed: [], lanes: [], carrier: {}, families: new Map(), deleteAfterMs: 0 };
      await catalog.apply({ added: [written], ...rest });
      buckets += written.items;
      bytes += written.bytes;
      console.error(`day ${day + 1} of ${days}: ${written.items} buckets, ${written.bytes} bytes`);
    }
  } finally {
    await catalog.close();
    await duckdb.close();
  }
  const filled = { startMs, buckets, bytes };
  await writeFile(mark, JSON.stringify(filled));
  return filled;
}

type Day = {
  readonly hosts: number;
  readonly startMs: number;
  readonly day: number;
  readonly bucketMs: number;
};

async function writeDay(
  duckdb: Duckdb,
  folder: string,
  nodes: NodeHosts,
  { hosts, startMs, day, bucketMs }: Day,
): Promise<Block> {
  const tenant = "default";
  const fromMs = startMs + day * windowMs;
  const scrapes = windowMs / intervalMs;
  const texts = new SeriesTexts();
  const series = Array.from({ length: hosts }, (_, host) =>
    // The first scrape of a day lies within it, as a window is open at its start.
    nodes.window(host, startMs + 1, day * scrapes, scrapes),
  )
    .flat()
    .map((one) => ({ one, text: texts.get(one.labels) }))
    .toSorted(
      ({ text: a }, { text: b }) => compareTexts(a.name, b.name) || compareTexts(a.text, b.text),
    );
  const buffer = new BucketBuffer();
  const span = { afterMs: fromMs, untilMs: fromMs + windowMs };
  const { path, ...written } = await writeTierRows(
    duckdb,
    folder,
    (writer) => {
      for (const { one, text } of series) {
        buffer.clear();
        downsample(one, bucketMs, span, buffer);
        writer.add(text, buffer.view(one.labels));
      }
      return Promise.resolve();
    },
    "small",
    () => undefined,
  );
  const id = Bun.randomUUIDv7();
  const key = blockKey(tenant, "metrics", written.minMs, id, bucketMs);
  const target = join(folder, "blocks", key);
  const checksum = await checksumOf(path);
  await mkdir(dirname(target), { recursive: true });
  await rename(path, target);
  const createdMs = Date.now();
  return { id, tenant, signal: "metrics", key, ...written, createdMs, checksum, bucketMs };
}
