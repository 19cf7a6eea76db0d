import { z } from "zod";
import { metricTypes } from "./metrics.ts";

/** Entries of one request at most. */
const metricsMax = 100_000;

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** One sample of one series as JSON, with what describes its metric where that is told. */
export const PostedMetric = z.lazy(() => {
  const text = z
    .string()
    .refine((value) => value.isWellFormed(), "expected text of whole characters");
  const label = text.min(1);
  /** JSON has no words for these three. */
  const value = z.union([z.number(), z.enum(["NaN", "+Inf", "-Inf"])]);

  return z.strictObject({
    name: label
      .max(1_024)
      .meta({ description: "Name of the metric", examples: ["jobs_done_total"] }),
    labels: z
      .record(label.max(1_024), text)
      .refine((labels) => !("__name__" in labels), "__name__ stands in name")
      .default({})
      .meta({ description: "The series' labels; an empty value is none" }),
    value: value.meta({ description: "The sample" }),
    time: z
      .union([z.number(), z.string().regex(rfc3339, "expected Unix seconds or RFC 3339")])
      .optional()
      .meta({ description: "Unix seconds or RFC 3339; now by default" }),
    type: z.enum(metricTypes).optional().meta({ description: "What kind of metric it is" }),
    help: text.max(16_384).optional().meta({ description: "What it means, for people" }),
    unit: text.max(1_024).optional().meta({ description: "Its unit, such as seconds" }),
  });
});
export type PostedMetric = z.output<typeof PostedMetric>;

/** Entries are checked one by one, so that a bad one does not lose its neighbours. */
export const PostedMetrics = z.strictObject({
  metrics: z.array(z.unknown()).max(metricsMax),
});

/** The same for those who read what may be sent. */
export const PostedMetricsDocument = z.lazy(() =>
  z.strictObject({
    metrics: z.array(PostedMetric).max(metricsMax),
  }),
);

export const PostedMetricsAnswer = z.lazy(() =>
  z.strictObject({
    stored: z.number().int().meta({ description: "Samples that are in the agent's spool" }),
    refused: z
      .array(z.strictObject({ index: z.number().int(), error: z.string() }))
      .meta({ description: "The first of those that are not, by their place in the list" }),
  }),
);
export type PostedMetricsAnswer = z.output<typeof PostedMetricsAnswer>;

/** What is posted where some entries are no good; the others are stored. */
export const PostedMetricsRefusal = z.lazy(() =>
  PostedMetricsAnswer.unwrap().extend({ error: z.string() }),
);

/** Unix milliseconds of an entry's time. */
export function postedTimeMs(time: PostedMetric["time"], nowMs: number): number {
  if (time === undefined) return nowMs;
  return typeof time === "number" ? Math.round(time * 1_000) : Date.parse(time);
}

export function postedValue(posted: PostedMetric["value"]): number {
  if (typeof posted === "number") return posted;
  if (posted === "NaN") return Number.NaN;
  return posted === "+Inf" ? Infinity : -Infinity;
}
