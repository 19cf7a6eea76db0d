import { z } from "zod";

/** An expression of a rule. */
export const CostBody = z.strictObject({
  expression: z
    .string()
    .min(1)
    .max(100_000)
    .meta({ examples: ["sum(rate(http_requests_total[5m])) > 100"] }),
  language: z.enum(["promql", "logql", "sql"]).default("promql"),
});
export type CostBody = z.output<typeof CostBody>;

const counts = {
  series: z
    .number()
    .nullable()
    .meta({ description: "Series, or streams of logs; null where they are not known" }),
  samples: z.number().nullable().meta({
    description: "Samples, or lines; of ranges an estimate; null where they are not known",
  }),
};

export const CostAnswer = z.object({
  ...counts,
  reads: z
    .array(
      z.object({
        selector: z.string(),
        start: z.string().meta({ description: "RFC 3339" }),
        end: z.string(),
        ...counts,
      }),
    )
    .meta({ description: "What each selector reads" }),
});
export type CostAnswer = z.output<typeof CostAnswer>;

export const RuleCostsAnswer = z.object({
  at: z.string().meta({ description: "When this was found out, RFC 3339" }),
  expensiveShare: z.number().meta({ description: "`rules.expensive_share`" }),
  rules: z
    .array(
      z.object({
        file: z.string(),
        group: z.string(),
        name: z.string(),
        place: z.number().meta({ description: "In its group, from 0" }),
        interval: z.number().meta({ description: "Seconds" }),
        series: z.number().nullable(),
        samples: z.number().nullable().meta({ description: "In each evaluation" }),
        samplesPerSecond: z.number(),
        share: z.number().meta({ description: "Of what all rules read, 0 to 1" }),
        expensive: z.boolean().meta({ description: "Whether the share exceeds `expensiveShare`" }),
        failure: z.string().meta({ description: "Why the cost is not known; empty where it is" }),
      }),
    )
    .meta({ description: "The most costly first" }),
});
export type RuleCostsAnswer = z.output<typeof RuleCostsAnswer>;
