import { z } from "zod";
import { duration } from "#shared/text/duration.ts";

/** Limits and habits of the query engine; Prometheus's defaults where it has one. */
export const PromqlConfig = z.strictObject({
  /** How far an instant selector looks back for a sample. */
  lookback: duration.prefault("5m"),
  /** A query that takes longer is stopped. */
  timeout: duration.prefault("2m"),
  /** Queries of a tenant that run at the same time (Prometheus's --query.max-concurrency); the others wait. */
  concurrency_max: z.int().positive().default(20),
  /** Queries of a tenant that wait; more are refused. */
  waiting_max: z.int().min(0).default(1_000),
  /** Samples of one query in memory: fetched ones and results of its parts. */
  samples_max: z.int().positive().default(50_000_000),
  /** Series that one query may read. */
  series_max: z.int().positive().default(500_000),
  /** Step of a subquery that names none. */
  subquery_step: duration.prefault("1m"),
  /** Drop metric names only when the whole expression is done (Prometheus's promql-delayed-name-removal). */
  delayed_name_removal: z.boolean().default(false),
  /** Let rate(), irate(), increase(), resets() and start_timestamp() use start timestamps (Prometheus's use-start-timestamps). */
  use_start_timestamps: z.boolean().default(false),
});

export type PromqlConfig = z.output<typeof PromqlConfig>;
