import { z } from "zod";
import { parseDuration } from "#shared/text/duration.ts";

/** Points of a series, and log records of an answer, at most. */
export const pointsMax = 11_000;
const recordsMax = 5_000;

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
export const time = z
  .string()
  .refine((text) => timeMsOf(text) !== undefined, "expected Unix seconds or RFC 3339")
  .meta({ description: "Unix seconds or RFC 3339", examples: ["2026-01-01T00:00:00Z"] });
const step = z
  .string()
  .refine((text) => stepMsOf(text) !== undefined, "expected seconds above 0 or a duration")
  .meta({ description: "Seconds or a duration", examples: ["15s", "1h30m"] });

/** Unix milliseconds of a time that is Unix seconds or RFC 3339. */
export function timeMsOf(text: string): number | undefined {
  if (/^\d{1,12}(?:\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  const ms = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** Milliseconds, above 0. */
export function stepMsOf(text: string): number | undefined {
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1_000 : parseDuration(text);
  return ms === undefined || !(ms >= 1) ? undefined : Math.trunc(ms);
}

export const MetricsParams = z.strictObject({
  query: z
    .string()
    .min(1)
    .meta({ description: "PromQL", examples: ["rate(node_cpu_seconds_total[5m])"] }),
  start: time.optional().meta({ description: "Start, an hour before the end by default" }),
  end: time.optional().meta({ description: "End, inclusive; now by default" }),
  step: step
    .optional()
    .meta({ description: "Distance of points; a 240th of the range by default" }),
});

const levels = ["trace", "debug", "info", "warn", "error", "critical", "unknown"] as const;

export const logQuery = z.string().meta({
  description: "A LogQL log query, or plain text that lines contain",
  examples: ["timeout"],
});
export const logLevel = z.enum(levels).meta({ description: "Only records of this level" });
export const logService = z
  .string()
  .min(1)
  .meta({ description: "Only streams of this service_name" });
export const fromTime = time.meta({
  description: "Start, inclusive; an hour before the end by default",
});
export const toTime = time.meta({ description: "End, exclusive; now by default" });

/** A count as it is written in a query string, up to `max`. "0" only where it is the default. */
export function upTo(max: number, fallback: string) {
  const least = fallback === "0" ? 0 : 1;
  const expected = `expected ${least} to ${max}`;
  return z
    .string()
    .regex(/^(?:0|[1-9]\d{0,6})$/, expected)
    .refine((text) => Number(text) >= least && Number(text) <= max, expected)
    .default(fallback);
}

export const LogsParams = z.strictObject({
  query: logQuery.optional(),
  from: fromTime.optional(),
  to: toTime.optional(),
  level: logLevel.optional(),
  service: logService.optional(),
  limit: upTo(recordsMax, "100").meta({
    description: `Records at most, up to ${recordsMax}; the newest are given`,
  }),
});

const labels = z.record(z.string(), z.string());
/** JSON has no words for these three. */
const value = z.union([z.number(), z.enum(["NaN", "+Inf", "-Inf"])]);

const histogram = z.strictObject({
  count: value,
  sum: value,
  buckets: z
    .array(z.tuple([value, value, value]))
    .meta({ description: "Lower bound, upper bound, count of those that are not empty" }),
});

export const MetricsAnswer = z.strictObject({
  start: z.number().meta({ description: "Unix seconds" }),
  end: z.number().meta({ description: "Unix seconds" }),
  step: z.number().meta({ description: "Seconds" }),
  series: z.array(
    z.strictObject({
      labels,
      points: z.array(z.tuple([z.number(), value])).meta({ description: "Unix seconds, value" }),
      histograms: z
        .array(z.tuple([z.number(), histogram]))
        .optional()
        .meta({ description: "Unix seconds, native histogram; only where the series has some" }),
    }),
  ),
  warnings: z.array(z.string()),
  isPartial: z
    .boolean()
    .meta({ description: "Stored data are left out because they are damaged; warnings name them" }),
});
export type MetricsAnswer = z.output<typeof MetricsAnswer>;

export const Refusal = z.strictObject({ error: z.string() });
