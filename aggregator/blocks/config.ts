import { z } from "zod";
import { outOfOrderShape } from "#shared/runtime/config/out_of_order_config.ts";
import { S3Config } from "../objects/s3_config.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { streamSelector } from "./stream_selector.ts";
import { TiersConfig } from "./tiers_config.ts";

const logRetentionShape = {
  logs: duration.prefault("30d"),
  /** Other times for some streams, as Loki's retention_stream: of rules that fit the highest priority counts, of equal ones the shortest time. */
  log_streams: z
    .array(
      z.strictObject({
        selector: streamSelector,
        priority: z.number().int().default(0),
        retention: duration,
      }),
    )
    .max(1_000)
    .prefault([]),
};

/** Where blocks and the catalog lie, and how much the store may use. */
export const StoreConfig = z.strictObject({
  ...outOfOrderShape(),
  /** "s3://bucket/prefix", "file:///path" or a path; by default the folder `blocks` of the data directory. */
  url: z.string().default(""),
  s3: S3Config.prefault({}),
  /** Lets the group of a folder's files read blocks, for other engines; for a folder outside of the data directory, which is closed. */
  group_readable: z.boolean().default(false),
  /** "postgres://…" or "sqlite://path"; by default the file `catalog.db` of the data directory. */
  catalog: z.string().default(""),
  /** A file with the password of PostgreSQL, read at start, so that `catalog` holds no secret. */
  catalog_password_file: z.string().default(""),
  /** How a process shows that it owns the catalog, where that is in PostgreSQL; in SQLite a lock of the file does. */
  owner: z
    .strictObject({
      /** After so long without a renewal another process may become the owner. */
      lease: duration.prefault("15s"),
      renew_interval: duration.prefault("3s"),
    })
    .refine(({ lease, renew_interval: renew }) => lease >= 3 * renew, {
      path: ["lease"],
      error: "must be at least three times renew_interval, so that a renewal may fail",
    })
    .prefault({}),
  /** Local copies of a bucket's blocks. */
  cache: z
    .strictObject({
      /** By default the folder `cache` of the data directory. */
      path: z.string().default(""),
      size_max: byteSize.prefault("2GiB"),
    })
    .prefault({}),
  duckdb: z
    .strictObject({
      /** For queries; writing has as much again at most. */
      memory_limit: byteSize.prefault("512MiB"),
      threads: z.number().int().min(1).max(256).default(2),
      /** Queries that run at the same time; the others wait. */
      queries_max: z.number().int().min(1).max(64).default(4),
    })
    .prefault({}),
  /** Decoded chunks kept in memory for queries that are asked again; of tiers as much again. */
  decoded_cache: byteSize.prefault("128MiB"),
  /** Which series each block holds, kept in memory for names and values of labels: 100 bytes a series, and 4 a series and block where other series are written. */
  series_index: byteSize.prefault("256MiB"),
  /** Columns of logs kept in memory for searches that come after; 100 to 150 bytes a line that was searched. */
  logs_cache: byteSize.prefault("192MiB"),
  /** An object without a row in the catalog goes to the trash when it is older; a commit must take less. */
  sweep_after: duration.prefault("10m"),
  /** Where data past their retention, and what a crash left behind, lie before they are deleted. */
  trash: z
    .strictObject({
      /** 0s deletes at once. */
      keep: duration.prefault("7d"),
      /** A sweep that finds more files without a row than this share of the blocks (and more than 5) stops and asks. */
      sweep_share_max: z.number().min(0).max(1).default(0.1),
    })
    .prefault({}),
  /** How long the file of a deleted block stays for the queries that still read it. */
  delete_after: duration.prefault("5m"),
  /** All blocks are read again and compared with their checksums, slowly, so that damage is found while a backup still has them. */
  scrub: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** From the end of one pass to the start of the next. */
      interval: duration.prefault("7d"),
      /** Bytes a second: a tenth of what a slow disk reads, and 500 GB within a week. */
      rate: byteSize.prefault("4MiB"),
    })
    .prefault({}),
  /** What is past its time goes by the clock only where that can be right. */
  clock: z
    .strictObject({
      /** How far it may be from the time that passed, where that is known. */
      jump_max: duration.prefault("1h"),
      /** How long a stop may be of which only the clock says how long it was, as over a reboot. */
      stop_max: duration.prefault("3d"),
    })
    .prefault({}),
  compaction: z
    .strictObject({
      enabled: z.boolean().default(true),
      interval: duration.prefault("1m"),
      /** Blocks of one window are merged when more than this many lie in it. */
      blocks_max: z.number().int().min(1).default(8),
      /** A block is split above this many samples or records. A merge holds all of them: 2 million are some 100 MB. */
      items_max: z.number().int().min(1_000).default(2_000_000),
      /** The same of blocks of plain numbers, whose merges hold a row group of each block: 128 million are some 70 MB on disk. */
      samples_max: z.number().int().min(1_000).default(128_000_000),
    })
    .prefault({}),
  tiers: TiersConfig.prefault({}),
  deletion: z
    .strictObject({
      /** For so long a deletion can be taken back; then the items are taken out of the files. They are hidden at once. */
      cancel_period: duration.prefault("0s"),
    })
    .prefault({}),
  retention: z
    .strictObject({
      /** Of the coarsest tier too, unless that says otherwise. */
      metrics: duration.prefault("30d"),
      ...logRetentionShape,
      /** Logs of a tenant by its name, in place of the above. */
      tenants: z.record(z.string().min(1), z.strictObject(logRetentionShape)).prefault({}),
    })
    .prefault({}),
});

export type StoreConfig = z.output<typeof StoreConfig>;
