import { duration } from "#shared/text/duration.ts";
import { z } from "zod";

/** Limits of LogQL queries. */
export const LogqlConfig = z.strictObject({
  /** A query that takes longer is stopped. */
  timeout: duration.prefault("1m"),
  /** Series of an answer (Loki's max_query_series). */
  series_max: z.int().positive().default(500),
  /** Samples that quantile_over_time and rate_counter hold at once. */
  records_max: z.int().positive().default(2_000_000),
});

export type LogqlConfig = z.output<typeof LogqlConfig>;
