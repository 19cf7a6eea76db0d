import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { PatternsConfig } from "../patterns/config.ts";

/** From frames to committed blocks. */
export const IngestConfig = z.strictObject({
  /**
   * The head becomes blocks this often: the agents' spools and the carrier must hold for far longer. One duration is for both. Samples wait
   * longer than lines, because a block has a row for each series: eight samples a row cost five times as much as sixty.
   */
  flush_interval: z
    .union([
      duration.transform((both) => ({ metrics: both, logs: both })),
      z.strictObject({ metrics: duration.prefault("15m"), logs: duration.prefault("2m") }),
    ])
    .prefault({}),
  /** ... or as soon as it holds this much. */
  flush_size: byteSize.prefault("128MiB"),
  /**
   * Above this no frame is taken until a flush has made room. What is being written counts too, so a store that falls behind slows ingest
   * down, and the process stays small.
   */
  head_size_max: byteSize.prefault("160MiB"),
  /** Series of a tenant with a sample in the last hour; 0 is none. Known ones go on, new ones are refused. */
  series_limit: z.number().int().nonnegative().default(5_000_000),
  /** Other limits for some tenants, by name. */
  series_limit_by_tenant: z.record(z.string(), z.number().int().nonnegative()).default({}),
  /** A gap whose agent has been silent for this long is counted as lost, and what came after it goes on. */
  gap_timeout: duration.prefault("1h"),
  /**
   * What outages have left is sent at most this fast by all agents together, bytes a second: a small part of what is taken, so that what is
   * new never waits behind it.
   */
  backlog_rate: byteSize.prefault("4MiB"),
  /** Metrics and events of patterns of log lines. */
  patterns: PatternsConfig.prefault({}),
  /** Bound of the folder that frames which can't be read are set aside in; the oldest go first. */
  quarantine_size_max: byteSize.prefault("64MiB"),
});
export type IngestConfig = z.output<typeof IngestConfig>;
