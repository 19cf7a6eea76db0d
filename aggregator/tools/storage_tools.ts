import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { OperatingError } from "#shared/errors.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { thisProcess } from "#shared/runtime/process/process_identity.ts";
import type { ReadTools } from "../blocks/view/block_files.ts";
import { Catalog } from "../catalog/catalog.ts";
import { type Hold, holdCatalog } from "../catalog/holds/catalog_hold.ts";
import { OwnerLease } from "../catalog/holds/owner_lease.ts";
import type { StoreConfig } from "../blocks/config.ts";
import { DecodedCache } from "../blocks/file/decoded_cache.ts";
import { DeletedCopies } from "../blocks/deletion/deleted_copies.ts";
import { DiskCache } from "../objects/disk_cache.ts";
import { Duckdb } from "../duckdb/duckdb.ts";
import { LogsCache } from "../blocks/logs/log_file.ts";
import { BlockGuard } from "../blocks/integrity/block_guard.ts";
import { KnownTexts } from "../blocks/series/labels_text.ts";
import type { ObjectStore } from "../objects/object_store.ts";
import { catalogUrl, openObjects } from "../blocks/open_store.ts";
import type { StoredSignals } from "../blocks/signals/stored_signal.ts";
import { storedSignals } from "../blocks/signals/stored_signals.ts";
import { SeriesIndex } from "../blocks/series/series_index.ts";

/** Catalog and objects of a configuration, for the storage commands: nothing in the background, a folder of its own. */
export type StorageTools = {
  readonly config: StoreConfig;
  readonly objects: ObjectStore;
  readonly catalog: Catalog;
  readonly duckdb: Duckdb;
  readonly read: ReadTools;
  readonly signals: StoredSignals;
  /** Emptied at the end. */
  readonly staging: string;
};

/**
 * "read" goes beside a running aggregator, and wants a catalog that is there; "write" has the catalog alone. Throws
 * OperatingError "not_found" without a catalog to read, "unavailable" when an aggregator holds it.
 */
export async function withStorage<Result>(
  config: StoreConfig,
  dataDir: string,
  mode: "read" | "write",
  action: (tools: StorageTools) => Promise<Result>,
  signals: StoredSignals = storedSignals(),
): Promise<Result> {
  const folder = resolve(dataDir);
  const url = catalogUrl(config, folder);
  const sqlitePath = url.startsWith("sqlite:") ? url.replace(/^sqlite:(\/\/)?/, "") : undefined;
  if (mode === "read" && sqlitePath !== undefined && !existsSync(sqlitePath))
    throw new OperatingError("not_found", `there is no catalog at ${sqlitePath}`);
  await mkdir(folder, { recursive: true });
  const hold = mode === "write" ? await holdAlone(config, folder, url) : undefined;
  const staging = await mkdtemp(join(folder, "storage-"));
  try {
    return await withCatalog(config, { folder, url, staging, signals }, action);
  } finally {
    await rm(staging, { recursive: true, force: true });
    await hold?.release();
  }
}

/** The lease besides: in PostgreSQL a lock ends with its connection, and an aggregator may have lost that for a moment. */
async function holdAlone({ owner }: StoreConfig, folder: string, url: string): Promise<Hold> {
  const self = thisProcess(folder, systemClock.now());
  const hold = await holdCatalog(url, "exclusive", self);
  try {
    const lease = await OwnerLease.acquire(url, {
      self,
      leaseMs: owner.lease,
      renewMs: owner.renew_interval,
      clock: systemClock,
      log: createLogger("warn"),
      onLost: () => {},
    });
    return {
      release: async () => {
        await lease.release();
        await hold.release();
      },
    };
  } catch (thrown) {
    await hold.release();
    throw thrown;
  }
}

async function withCatalog<Result>(
  config: StoreConfig,
  {
    folder,
    url,
    staging,
    signals,
  }: { folder: string; url: string; staging: string; signals: StoredSignals },
  action: (tools: StorageTools) => Promise<Result>,
): Promise<Result> {
  const objects = openObjects(config, folder);
  const catalog = await Catalog.open(url);
  const { memory_limit: memoryBytes, threads } = config.duckdb;
  const duckdb = new Duckdb({
    memoryBytes,
    threads,
    connectionsMax: 4,
    temporaryFolder: join(staging, "duckdb"),
  });
  try {
    const files = await DiskCache.open(objects, join(staging, "cache"), config.cache.size_max);
    const texts = new KnownTexts();
    const read = {
      duckdb,
      files,
      guard: new BlockGuard({ files, clock: systemClock }),
      decoded: new DecodedCache<never>(0),
      labels: new DecodedCache<never>(0),
      buckets: new DecodedCache<never>(0),
      series: new SeriesIndex(0),
      logs: new LogsCache(0),
      texts,
      copies: new DeletedCopies(
        { writer: duckdb, staging, texts },
        (signal) => signals.of(signal).copyWithout,
      ),
    };
    return await action({ config, objects, catalog, duckdb, read, signals, staging });
  } finally {
    await duckdb.close();
    await catalog.close();
  }
}
