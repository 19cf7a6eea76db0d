import { z } from "zod";
import { createMatcher } from "../routing/matcher.ts";
import type { ReceivedAlert } from "../pipeline/alert.ts";
import type { LogEntry } from "../pipeline/notification_log.ts";
import type { Recurrence } from "../silences/recurrence.ts";
import type { Silence } from "../silences/silence.ts";

const Texts = z.record(z.string(), z.string());

/** JSON in a column. */
function json<Schema extends z.ZodType>(schema: Schema) {
  return z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema);
}

const SilenceJson = z
  .object({
    id: z.string(),
    matchers: z.array(
      z.object({
        name: z.string(),
        operator: z.enum(["=", "!=", "=~", "!~"]),
        value: z.string(),
      }),
    ),
    startsAtMs: z.number(),
    endsAtMs: z.number(),
    updatedAtMs: z.number(),
    createdBy: z.string(),
    comment: z.string(),
    annotations: Texts,
  })
  .transform((row): Silence => ({
    ...row,
    matchers: row.matchers.map(({ name, operator, value }) => createMatcher(name, operator, value)),
  }));

/** Rows of `silences`. */
export const SilenceRow = z.object({ silence: json(SilenceJson) });

const RecurrenceJson = z
  .object({
    id: z.string(),
    days: z.discriminatedUnion("every", [
      z.object({ every: z.literal("day") }),
      z.object({ every: z.literal("week"), weekdays: z.array(z.number()) }),
      z.object({ every: z.literal("month"), days: z.array(z.number()) }),
    ]),
    startMinute: z.number(),
    durationMs: z.number(),
    timeZone: z.string(),
    untilMs: z.number().optional(),
    matchers: z.array(
      z.object({
        name: z.string(),
        operator: z.enum(["=", "!=", "=~", "!~"]),
        value: z.string(),
      }),
    ),
    createdBy: z.string(),
    comment: z.string(),
    updatedAtMs: z.number(),
    madeMs: z.number().optional(),
  })
  .transform(({ untilMs, madeMs, ...row }): Recurrence => ({
    ...row,
    untilMs,
    madeMs,
    matchers: row.matchers.map(({ name, operator, value }) => createMatcher(name, operator, value)),
  }));

/** Rows of `recurring_silences`. */
export const RecurrenceRow = z
  .object({ recurrence: json(RecurrenceJson) })
  .transform((row): Recurrence => row.recurrence);

const EntryJson = z.object({
  groupKey: z.string(),
  receiver: z.string(),
  integration: z.string(),
  firing: z.array(z.string()),
  resolved: z.array(z.string()),
  notifiedMs: z.number(),
  expiresMs: z.number(),
  kept: Texts,
});

/** Rows of `notification_log`. */
export const EntryRow = z
  .object({ entry: json(EntryJson) })
  .transform((row): LogEntry => row.entry);

const AlertJson = z.object({
  fingerprint: z.string(),
  labels: Texts,
  annotations: Texts,
  startsAtMs: z.number(),
  endsAtMs: z.number(),
  updatedAtMs: z.number(),
  generatorUrl: z.string(),
  hasTimeout: z.boolean(),
});

/** Rows of `notified_alerts`. */
export const AlertRow = z
  .object({ alert: json(AlertJson) })
  .transform((row): ReceivedAlert => row.alert);

/** The alerts that a row of `notifications` names. */
export const NamedAlerts = json(
  z.array(
    z.object({ fingerprint: z.string(), status: z.enum(["firing", "resolved"]), labels: Texts }),
  ),
);
