import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { changeStates } from "#aggregator/notify/history/alert_change.ts";
import { notificationStates } from "#aggregator/notify/state/notify_state.ts";
import { parseMatchers } from "#aggregator/notify/routing/parse_matchers.ts";
import { Notification, placePattern } from "./notification_routes.ts";
import { time, upTo } from "./schemas.ts";

const entriesMax = 1_000;

export const HistoryParams = z
  .strictObject({
    kind: z
      .enum(["change", "notification"])
      .optional()
      .meta({ description: "Changes of alerts, or notifications; both by default" }),
    state: z
      .enum(changeStates)
      .optional()
      .meta({ description: "Changes to this state only; inactive is the end of a pending alert" }),
    outcome: z
      .enum(notificationStates)
      .optional()
      .meta({ description: "Notifications with this outcome only" }),
    filter: z
      .string()
      .default("")
      .superRefine((text, context) => {
        try {
          if (text.trim() !== "") parseMatchers(text);
        } catch (thrown) {
          context.addIssue({ code: "custom", message: messageOf(thrown), input: text });
        }
      })
      .meta({
        description:
          "Matchers of an alert's labels. Of a notification, one of its first 100 alerts must match",
        examples: ['alertname="DiskFull", host=~"db.*"'],
      }),
    from: time
      .optional()
      .meta({ description: "Unix seconds or RFC 3339; the oldest entry by default" }),
    to: time
      .optional()
      .meta({ description: "Unix seconds or RFC 3339, not included; now by default" }),
    limit: upTo(entriesMax, "100").meta({ description: `Entries at most, up to ${entriesMax}` }),
    before: z
      .string()
      .regex(placePattern, "expected `next` of an answer")
      .optional()
      .meta({ description: "`next` of an answer, for the older ones" }),
  })
  .refine(
    ({ kind, state, outcome }) =>
      (state === undefined || outcome === undefined) &&
      (state === undefined || kind !== "notification") &&
      (outcome === undefined || kind !== "change"),
    "state and outcome: expected `state` for changes, or `outcome` for notifications",
  );

const Change = z.object({
  kind: z.literal("change"),
  id: z.string(),
  at: z.string().meta({ description: "RFC 3339: of the evaluation that changed it" }),
  state: z.enum(changeStates),
  labels: z.record(z.string(), z.string()),
  value: z
    .string()
    .nullable()
    .meta({ description: "Of the rule's expression; null for alerts of other servers" }),
  rule: z
    .object({ file: z.string(), group: z.string() })
    .nullable()
    .meta({ description: "The group; null for alerts of other servers" }),
});

export const HistoryAnswer = z.object({
  entries: z
    .array(
      z.discriminatedUnion("kind", [
        Change,
        Notification.extend({ kind: z.literal("notification") }),
      ]),
    )
    .meta({ description: "The newest first" }),
  next: z.string().nullable().meta({
    description:
      "`before` for the older ones; null where there are none. A page may have fewer entries than `limit` and still a next one",
  }),
  bounds: z.object({
    retention: z.string().meta({ examples: ["90d"] }),
    entriesMax: z.number().meta({ description: "Changes that are kept, and notifications" }),
    deleted: z
      .array(
        z.object({
          kind: z.enum(["changes", "notifications"]),
          until: z.string(),
          entries: z.number(),
        }),
      )
      .meta({
        description: "What was deleted beyond `entriesMax`: up to `until`, entries are missing",
      }),
  }),
});
export type HistoryAnswer = z.output<typeof HistoryAnswer>;
