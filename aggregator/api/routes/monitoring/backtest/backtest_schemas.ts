import { z } from "zod";
import { parseDuration } from "#shared/text/duration.ts";
import { time } from "../schemas.ts";

/** A duration of at least `leastMs`, in milliseconds. */
export const duration = (leastMs: number) =>
  z.string().transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms >= leastMs) return ms;
    context.addIssue({
      code: "custom",
      message: `invalid duration ${JSON.stringify(text)}: expected ${leastMs > 0 ? `at least ${leastMs / 1_000}s` : "a duration"} such as 5m`,
    });
    return z.NEVER;
  });
const texts = z.record(z.string(), z.string());

/** Alerts that an answer lists. */
export const episodesMax = 500;

/** An alerting rule, and the span over which it is tried. */
export const BacktestBody = z.strictObject({
  name: z.string().min(1).max(200).default("Alert"),
  expression: z
    .string()
    .min(1)
    .max(100_000)
    .meta({ examples: ["up == 0"] }),
  language: z.enum(["promql", "logql", "sql"]).default("promql"),
  for: duration(0).prefault("0s"),
  keep_firing_for: duration(0).prefault("0s"),
  labels: texts.default({}).meta({ description: "Templates, as in a file of rules" }),
  annotations: texts.default({}).meta({ description: "Templates; checked only" }),
  interval: duration(1_000).prefault("1m").meta({ description: "Time between two evaluations" }),
  start: time
    .optional()
    .meta({ description: "Unix seconds or RFC 3339; a day before `end` by default" }),
  end: time.optional().meta({ description: "Unix seconds or RFC 3339; now by default" }),
});
export type BacktestBody = z.output<typeof BacktestBody>;

/** Notifications that an answer lists. */
export const notificationsMax = 200;

export const NotificationsOfBacktest = z.object({
  count: z.number(),
  receivers: z
    .array(z.object({ receiver: z.string(), integration: z.string(), count: z.number() }))
    .meta({ description: "The one with the most notifications first" }),
  list: z
    .array(
      z.object({
        at: z.string().meta({ description: "RFC 3339" }),
        receiver: z.string(),
        integration: z.string().meta({ examples: ["webhook[0]"] }),
        reason: z.string(),
        status: z.enum(["firing", "resolved"]),
        groupLabels: texts,
        firing: z.number().meta({ description: "Firing alerts in it" }),
        resolved: z.number(),
      }),
    )
    .meta({ description: `The first ${notificationsMax}` }),
});
export type NotificationsOfBacktest = z.output<typeof NotificationsOfBacktest>;

export const episode = {
  labels: texts,
  activeAt: z.string(),
  firedAt: z.string().nullable().meta({ description: "null where it did not fire" }),
  endedAt: z.string().nullable().meta({ description: "null where it is active at the end" }),
  receivers: z
    .array(z.string())
    .meta({ description: "Receivers that would have been notified that it fires" }),
};

export const BacktestAnswer = z.object({
  start: z.string().meta({ description: "RFC 3339" }),
  end: z.string().meta({ description: "RFC 3339" }),
  evaluations: z.number(),
  fired: z.number().meta({ description: "Alerts that would have fired" }),
  pending: z.number().meta({ description: "Alerts that would have been pending only" }),
  firingSeconds: z.number().meta({ description: "Time during which any alert would have fired" }),
  episodes: z.array(z.object(episode)).meta({
    description: `The first ${episodesMax}, those that would have fired before the others`,
  }),
  notifications: NotificationsOfBacktest.meta({
    description: "By the routing in force, without silences and other alerts",
  }),
});
export type BacktestAnswer = z.output<typeof BacktestAnswer>;

export const StoredRulesAnswer = z.object({
  groups: z.array(
    z.object({
      namespace: z.string(),
      name: z.string(),
      language: z.enum(["auto", "promql", "logql"]),
      yaml: z.string().meta({ description: "The group as it was written" }),
    }),
  ),
});
export type StoredRulesAnswer = z.output<typeof StoredRulesAnswer>;
