import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { ReadTools } from "./view/block_files.ts";
import type { LocalFile } from "./file/local_file.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { StoreConfig } from "./config.ts";
import type { Duckdb } from "../duckdb/duckdb.ts";
import type { StorageClaim } from "./identity/storage_claim.ts";
import type { ObjectStore } from "../objects/object_store.ts";
import type { Ownership } from "../catalog/holds/ownership.ts";
import type { Block } from "../read/store.ts";
import type { StoreMeters } from "./meters/store_meters.ts";
import type { TierFloors } from "./tiers/floors.ts";
import type { BlockChange } from "./deletion/block_change.ts";
import type { Deleted } from "./deletion/tombstones.ts";
import type { Trash } from "./trash/trash.ts";
import type { KeptIndex } from "./series/kept_index.ts";

/** What the store of blocks is lent. */
export type BlockStoreDeps = {
  readonly config: StoreConfig;
  readonly objects: ObjectStore;
  /** That this process is the one that works on the objects. */
  readonly claim: StorageClaim;
  readonly catalog: Catalog;
  /** This process as the one owner of catalog and data directory; released at the end. */
  readonly owner: Ownership;
  readonly writer: Duckdb;
  readonly tools: ReadTools;
  /** The tools' index of series, from one process to the next. */
  readonly kept: KeptIndex;
  /** Folder for files being written; emptied at start. */
  readonly staging: string;
  /** Holds what is worth knowing after a restart. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  /** Clocks of agents on other machines minus this one, in milliseconds, heard just now. */
  readonly agentOffsets?: () => readonly number[];
};

/** What a backup copies, and a folder for copies on their way. */
export type BackupTools = Pick<BlockStoreDeps, "catalog" | "objects" | "staging">;

/** What background work is lent by the store that owns it. */
export type MaintenanceDeps = BlockStoreDeps & {
  readonly meters: StoreMeters;
  readonly inFlight: ReadonlySet<string>;
  readonly blocks: () => readonly Block[];
  readonly upload: (
    tenant: string,
    signal: Block["signal"],
    file: LocalFile,
    createdMs: number,
    more?: Pick<Block, "bucketMs" | "tiered">,
  ) => Promise<Block>;
  /** What is deleted out of the blocks. */
  readonly deleted: () => Deleted;
  /** The same, with what can still be taken back. */
  readonly hidden: () => Deleted;
  readonly trash: Trash;
  readonly apply: (change: BlockChange) => Promise<void>;
  readonly floors: () => TierFloors;
  /** Puts the families beside the blocks, when they have changed. */
  readonly saveFamilies: () => Promise<void>;
};
