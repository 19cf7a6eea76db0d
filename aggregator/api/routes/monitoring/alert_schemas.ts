import { z } from "zod";
import { parseDuration } from "#shared/text/duration.ts";

const duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, "expected a duration such as 5m")
  .meta({ description: "How long the expression must hold", examples: ["5m"] });
const texts = z.record(z.string(), z.string());

const severity = z.enum(["critical", "warning", "info"]);

/** What a person writes of an alert. */
const AlertFields = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(200)
    .meta({ description: "Also its id: unique", examples: ["DiskFull"] }),
  expression: z
    .string()
    .min(1)
    .meta({
      description: "PromQL, or a metric query of LogQL: each series of its answer is an alert",
      examples: ["node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.1"],
    })
    .exactOptional(),
  sql: z
    .string()
    .min(1)
    .max(100_000)
    .meta({
      description:
        "In place of `expression`, one SELECT: each row is an alert. The number `value` is its value, columns of text are its labels",
      examples: ["SELECT stream['app'] AS app, count(*) AS value FROM logs GROUP BY app"],
    })
    .exactOptional(),
  for: duration.default("0s"),
  severity: severity.default("warning"),
  annotations: texts.default({}).meta({ description: "Texts with templates, such as summary" }),
});
export const AlertBody = AlertFields.refine(
  ({ expression, sql }) => (expression === undefined) !== (sql === undefined),
  { error: "expected either expression or sql" },
);
export type AlertBody = z.output<typeof AlertBody>;

export const AlertAnswer = z.object({
  id: z.string(),
  name: z.string(),
  expression: z.string().meta({ description: "Empty for a rule over SQL" }),
  sql: z.string().exactOptional(),
  for: z.string(),
  severity,
  annotations: texts,
  state: z.enum(["unknown", "inactive", "pending", "firing"]),
  unknown: z.string().meta({
    description: "Which agents' data are missing while the state is unknown; empty otherwise",
  }),
  alerts: z.number().meta({ description: "Series that are pending or fire" }),
  error: z.string().meta({ description: "Why the last evaluation failed; empty otherwise" }),
});
export type AlertAnswer = z.output<typeof AlertAnswer>;

export const AlertsAnswer = z.object({ alerts: z.array(AlertAnswer) });
export const AlertPath = z.strictObject({
  id: z.string().meta({ description: "Name of the alert" }),
});
export const DeletedAnswer = z.object({ deleted: z.string() });
