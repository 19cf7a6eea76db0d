import { z } from "zod";
import { fromTime, logLevel, logQuery, logService, timeMsOf, toTime, upTo } from "../schemas.ts";

const labels = z.record(z.string(), z.string());
const which = {
  query: logQuery.optional(),
  level: logLevel.optional(),
  service: logService.optional(),
};
const range = { from: fromTime.optional(), to: toTime.optional() };

/** Lines that are looked at for facets and differences. */
const linesMax = 50_000;
const linesDefault = "10000";

export const LogRecordJson = z.strictObject({
  time: z.string().meta({ description: "RFC 3339 with nanoseconds" }),
  level: z.string().meta({
    description: "One of trace, debug, info, warn, error, critical, unknown",
  }),
  service: z.string().meta({ description: "service_name of the stream; empty without one" }),
  body: z.string(),
  labels,
  attributes: labels,
});
export type LogRecordJson = z.output<typeof LogRecordJson>;

const warnings = z.array(z.string()).meta({
  description:
    "Why the answer is incomplete: stored data that can't be read. Empty for a complete one",
});
const isPartial = z
  .boolean()
  .meta({ description: "Stored data are left out because they are damaged; warnings name them" });

export const LogsAnswer = z.strictObject({
  records: z.array(LogRecordJson),
  truncated: z.boolean().meta({ description: "There are older records" }),
  warnings,
  isPartial,
});
export type LogsAnswer = z.output<typeof LogsAnswer>;

export const LogStreamParams = z.strictObject({
  ...which,
  history: upTo(1_000, "0").meta({
    description: "Records there are already that come first, up to 1000",
  }),
});

export const FacetsParams = z.strictObject({
  ...which,
  ...range,
  fields: z
    .string()
    .optional()
    .meta({ description: "Names of fields, separated by commas; all by default" }),
  limit: upTo(1_000, "10").meta({ description: "Values of each field at most" }),
  lines: upTo(linesMax, linesDefault).meta({
    description: `Records that are looked at, the newest, up to ${linesMax}`,
  }),
});

const records = z.number().meta({ description: "Records that were looked at" });
const complete = z
  .boolean()
  .meta({ description: "Those are all there are; otherwise there are older ones" });

export const FacetsAnswer = z.strictObject({
  records,
  complete,
  fields: z.array(
    z.strictObject({
      field: z.string(),
      source: z
        .enum(["label", "metadata", "line"])
        .meta({ description: "Label of the stream, structured metadata, or found in the line" }),
      type: z
        .enum(["string", "int", "float", "boolean", "duration", "bytes"])
        .meta({ description: "What the most frequent value looks like" }),
      count: z.number().meta({ description: "Records that have the field" }),
      distinct: z.number().meta({ description: "Different values, counted up to 10000" }),
      values: z
        .array(z.strictObject({ value: z.string(), count: z.number() }))
        .meta({ description: "The most frequent first" }),
    }),
  ),
  warnings,
  isPartial,
});
export type FacetsAnswer = z.output<typeof FacetsAnswer>;

const recordTime = z
  .string()
  .refine((text) => timeNsOf(text) !== undefined, "expected RFC 3339 or Unix nanoseconds")
  .meta({
    description: "Time of the record, RFC 3339 or Unix nanoseconds",
    examples: ["2026-01-01T00:00:00.123456789Z"],
  });

/** Unix nanoseconds of RFC 3339 with up to nine digits of a second, or of Unix nanoseconds. */
export function timeNsOf(text: string): bigint | undefined {
  if (/^\d{16,19}$/.test(text)) return BigInt(text);
  const parts = /^(.{19})\.(\d{1,9})(Z|[+-]\d{2}:\d{2})$/.exec(text);
  const ms = timeMsOf(parts === null ? text : `${parts[1]}${parts[3]}`);
  if (ms === undefined) return undefined;
  return BigInt(ms) * 1_000_000n + BigInt((parts?.[2] ?? "").padEnd(9, "0"));
}

export const ContextParams = z.strictObject({
  stream: z
    .string()
    .min(1)
    .meta({
      description: "All labels of the stream, as a selector",
      examples: ['{job="shop", host="a"}'],
    }),
  time: recordTime,
  before: upTo(1_000, "10").meta({ description: "Records before it, up to 1000" }),
  after: upTo(1_000, "10").meta({ description: "Records after it, up to 1000" }),
});

const inOrder = z.array(LogRecordJson);
export const ContextAnswer = z.strictObject({
  before: inOrder.meta({ description: "In the order of time" }),
  at: inOrder.meta({ description: "All of the stream at that time" }),
  after: inOrder.meta({ description: "In the order of time" }),
  warnings,
  isPartial,
});
export type ContextAnswer = z.output<typeof ContextAnswer>;

export const DifferenceParams = z.strictObject({
  ...which,
  ...range,
  against: logQuery.optional().meta({
    description:
      "What the selection is compared with, less the selection itself: a LogQL log query or text; the streams of the query by default",
  }),
  limit: upTo(1_000, "50").meta({ description: "Differences at most" }),
  lines: upTo(linesMax, linesDefault).meta({
    description: `Records of each side that are looked at, the newest, up to ${linesMax}`,
  }),
});

const side = z.strictObject({ records, complete });
export const DifferenceAnswer = z.strictObject({
  selected: side,
  rest: side,
  warnings,
  isPartial,
  differences: z
    .array(
      z.strictObject({
        kind: z.enum(["field", "pattern"]),
        name: z.string(),
        value: z.string(),
        selected: z.number().meta({ description: "Records of the selection that have it" }),
        rest: z.number().meta({ description: "Records of the rest that have it" }),
        lift: z.number().nullable().meta({
          description:
            "Its share of the selection by its share of the rest; null without any in the rest",
        }),
        score: z.number().meta({
          description: "Log-likelihood ratio: above 10.83 it is chance once in a thousand times",
        }),
      }),
    )
    .meta({ description: "What is over-represented in the selection, the surest first" }),
});
export type DifferenceAnswer = z.output<typeof DifferenceAnswer>;
