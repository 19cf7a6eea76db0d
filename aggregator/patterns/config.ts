import { z } from "zod";
import { duration } from "#shared/text/duration.ts";

/** Patterns of log lines as metrics and events. */
export const PatternsConfig = z.strictObject({
  enabled: z.boolean().default(true),
  /** How often counts become samples, and events records: as often as most jobs are scraped. */
  interval: duration.prefault("15s").refine((ms) => ms >= 1_000, "expected a second or more"),
  /** Streams that agree in these labels are a group; hosts and files of one service count together. */
  group_by: z
    .array(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected a label's name"))
    .max(16)
    .default(["service_name", "service", "app", "job", "unit", "container"]),
  /** Patterns of a group that have series of their own: the most frequent. All others are one. */
  patterns_per_group: z.number().int().min(1).max(1_000).default(40),
  /** Groups with series of their own: with the number above some ten thousand series at most, a tenth of it as a rule. */
  groups_max: z.number().int().min(1).max(10_000).default(100),
  /** Patterns that are remembered, about three kilobytes each. Of those the ones not seen for longest are forgotten. */
  patterns_max: z.number().int().min(100).max(50_000).default(5_000),
  /** For so long after its first line nothing in a group is news. */
  learning: duration.prefault("1h"),
  /** What the rate of a pattern is measured over. */
  window: duration.prefault("5m").refine((ms) => ms >= 1_000, "expected a second or more"),
  /** Events an hour; more are counted and not stored. */
  events_per_hour: z.number().int().nonnegative().default(200),
});
export type PatternsConfig = z.output<typeof PatternsConfig>;
