import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { closeFolder } from "#shared/runtime/process/private_folder.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { BlockStore } from "./block_store.ts";
import type { ReadTools } from "./view/block_files.ts";
import { measureLogsCache, measureSeriesIndex } from "./view/cache_meters.ts";
import { Catalog } from "../catalog/catalog.ts";
import type { StoreConfig } from "./config.ts";
import { DecodedCache } from "./file/decoded_cache.ts";
import { DeletedCopies } from "./deletion/deleted_copies.ts";
import { DiskCache } from "../objects/disk_cache.ts";
import { Duckdb } from "../duckdb/duckdb.ts";
import { storeError } from "../read/storage_error.ts";
import { StorageClaim } from "./identity/storage_claim.ts";
import { BlockGuard } from "./integrity/block_guard.ts";
import { contentFault } from "./integrity/content_fault.ts";
import { integrityMeters } from "./integrity/integrity_meters.ts";
import { KnownTexts } from "./series/labels_text.ts";
import { LogsCache } from "./logs/log_file.ts";
import { checkCatalogUrl, withPassword } from "../catalog/catalog_url.ts";
import type { ObjectStore } from "../objects/object_store.ts";
import { fileObjectStore } from "../objects/object_store_file.ts";
import { s3ObjectStore } from "../objects/object_store_s3.ts";
import { blocksFolder, storageUrl } from "../objects/storage_url.ts";
import { takeOwnership, type Ownership } from "../catalog/holds/ownership.ts";
import { KeptIndex } from "./series/kept_index.ts";
import type { StoredSignals } from "./signals/stored_signal.ts";
import { storedSignals } from "./signals/stored_signals.ts";
import { SeriesIndex } from "./series/series_index.ts";

export type StoreDeps = {
  /** Holds the catalog, the cache, files being written, and the blocks unless they lie elsewhere. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  /** The built-in ones where absent. */
  readonly signals?: StoredSignals;
  /** Clocks of agents on other machines minus this one, in milliseconds, heard just now. */
  readonly agentOffsets?: () => readonly number[];
  /** Called once, when another process has become the owner of the catalog: this one writes nothing more, and should end. */
  readonly onLost?: (reason: string) => void;
};

/** Opens blocks and catalog, forgets what a crash left half-written, and starts the background work. */
export async function openStore(config: StoreConfig, deps: StoreDeps): Promise<BlockStore> {
  const dataDir = resolve(deps.dataDir);
  const url = catalogUrl(config, dataDir);
  // First: nothing that another process may be using is touched before it.
  const owner = await takeOwnership(url, config.owner, { ...deps, dataDir });
  try {
    return await openOwned(config, { ...deps, dataDir }, url, owner);
  } catch (thrown) {
    await owner.release();
    throw thrown;
  }
}

async function openOwned(
  config: StoreConfig,
  deps: StoreDeps,
  url: string,
  owner: Ownership,
): Promise<BlockStore> {
  const { dataDir } = deps;
  const staging = join(dataDir, "staging");
  await closeFolder(dataDir);
  await emptyFolder(staging);
  const objects = openObjects(config, dataDir);
  const catalog = await Catalog.open(url);
  catalog.fenceBy(owner.lease.fence);
  const signals = deps.signals ?? storedSignals();
  const { tools, writer } = await openTools(config, { ...deps, signals }, objects, staging);
  const claim = new StorageClaim({
    objects,
    staging,
    catalog,
    url: storageUrl(config.url, dataDir),
    ...deps,
  });
  const kept = new KeptIndex(join(dataDir, "series.index"), tools.series, deps.log);
  const parts = {
    config,
    objects,
    catalog,
    claim,
    owner,
    writer,
    tools,
    kept,
    staging,
    ...deps,
    signals,
  };
  const store = new BlockStore(parts);
  try {
    await store.start();
  } catch (thrown) {
    await claim.close();
    await catalog.close();
    await tools.duckdb.close();
    await writer.close();
    throw thrown;
  }
  return store;
}

/** What reads and writes blocks. */
async function openTools(
  config: StoreConfig,
  deps: StoreDeps & { readonly signals: StoredSignals },
  objects: ObjectStore,
  staging: string,
): Promise<{ tools: ReadTools; writer: Duckdb }> {
  const cachePath = config.cache.path === "" ? join(deps.dataDir, "cache") : config.cache.path;
  const { memory_limit: memoryBytes, threads, queries_max: queriesMax } = config.duckdb;
  const open = (name: string, connectionsMax: number) =>
    new Duckdb({
      memoryBytes,
      threads,
      connectionsMax,
      temporaryFolder: join(staging, `duckdb_${name}`),
    });
  const { signals } = deps;
  const files = await DiskCache.open(objects, cachePath, config.cache.size_max);
  // Two instances: a query that takes all its memory must not take the writer's.
  const writer = open("write", 4);
  const reader = open("read", queriesMax);
  const texts = new KnownTexts();
  const logs = new LogsCache(config.logs_cache);
  measureLogsCache(deps.metrics, logs);
  const decoded = new DecodedCache<never>(config.decoded_cache);
  const labels = new DecodedCache<never>(Math.ceil(config.decoded_cache / 4));
  const buckets = new DecodedCache<never>(config.decoded_cache);
  const series = new SeriesIndex(config.series_index);
  measureSeriesIndex(deps.metrics, series);
  const guard = new BlockGuard({
    files,
    clock: deps.clock,
    log: deps.log,
    meters: integrityMeters(deps.metrics, signals.names),
    content: (path, block) =>
      reader.use("check a block", (connection) => contentFault(connection, path, block, signals)),
    forget: ({ id }) => {
      for (const cache of [decoded, labels, buckets]) cache.deleteAll(`${id} `);
      logs.forget(id);
      series.forget(id);
    },
  });
  const tools = {
    duckdb: reader,
    files,
    guard,
    decoded,
    labels,
    buckets,
    series,
    logs,
    texts,
    copies: new DeletedCopies(
      { writer, staging, texts },
      (signal) => signals.of(signal).copyWithout,
    ),
  };
  return { tools, writer };
}

export function openObjects(config: StoreConfig, dataDir: string): ObjectStore {
  const folder = blocksFolder(config.url, dataDir);
  return folder === undefined
    ? s3ObjectStore(config.url, config.s3)
    : fileObjectStore(folder, config.group_readable);
}

/** Where the catalog lies, with the password of its file. Throws OperatingError. */
export function catalogUrl(
  {
    catalog,
    catalog_password_file: passwordFile,
  }: Pick<StoreConfig, "catalog" | "catalog_password_file">,
  dataDir: string,
): string {
  if (catalog === "") return `sqlite://${join(dataDir, "catalog.db")}`;
  checkCatalogUrl(catalog);
  return passwordFile === "" ? catalog : withPassword(catalog, passwordFile);
}

async function emptyFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder))
      await rm(join(folder, name), { recursive: true, force: true });
  } catch (cause) {
    throw storeError(`make the folder ${folder}`, cause);
  }
}
