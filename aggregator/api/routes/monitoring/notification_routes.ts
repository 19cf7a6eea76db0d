import type { Context } from "hono";
import { z } from "zod";
import type { HistoryPlace } from "#aggregator/notify/state/history_place.ts";
import {
  type NotificationsQuery,
  notificationStates,
  type StoredNotification,
} from "#aggregator/notify/state/notify_state.ts";
import { checkedParams } from "./checked_params.ts";
import { upTo } from "./schemas.ts";

const notificationsMax = 1_000;

/** `next` of an answer, such as "1764000000000:01ab-2". */
export const placePattern = /^\d{1,15}:[\w-]{1,64}$/;

export const NotificationsParams = z.strictObject({
  limit: upTo(notificationsMax, "100").meta({
    description: `Notifications at most, up to ${notificationsMax}; the newest are given`,
  }),
  before: z
    .string()
    .regex(placePattern, "expected `next` of an answer")
    .optional()
    .meta({ description: "`next` of an answer, for the older ones" }),
});

export const Notification = z.object({
  id: z.string(),
  createdAt: z.string().meta({ description: "RFC 3339" }),
  settledAt: z
    .string()
    .nullable()
    .meta({ description: "When its outcome was known; null until then" }),
  receiver: z.string(),
  integration: z
    .string()
    .meta({ description: "Channel and place in the receiver, such as slack[0]" }),
  groupKey: z.string(),
  reason: z.string().meta({ description: "Why it was sent" }),
  status: z.string().meta({ description: "firing or resolved" }),
  alertCount: z.number(),
  alerts: z
    .array(
      z.object({
        fingerprint: z.string(),
        status: z.enum(["firing", "resolved"]),
        labels: z.record(z.string(), z.string()),
      }),
    )
    .meta({ description: "The first 100" }),
  state: z.enum(notificationStates),
  attempts: z.number(),
  failure: z
    .string()
    .meta({ description: "Why it failed: a word such as rateLimited; empty otherwise" }),
  answer: z.string().meta({ description: "What the service answered, or the error" }),
});
export const NotificationsAnswer = z.object({
  notifications: z.array(Notification),
  next: z
    .string()
    .nullable()
    .meta({ description: "`before` for the older ones; null where there are none" }),
});
type NotificationsAnswer = z.output<typeof NotificationsAnswer>;

/** Notifications of the last 90 days, the newest first. */
export type NotificationHistory = (
  limit: number,
  query: Pick<NotificationsQuery, "before">,
) => Promise<readonly StoredNotification[]>;

/** GET /api/v1/monitoring/notifications: each notification, to whom, why, and what became of it. */
export async function notificationsAnswer(
  c: Context,
  history: NotificationHistory,
): Promise<NotificationsAnswer> {
  const { limit, before } = checkedParams(c, NotificationsParams);
  const most = Number(limit);
  // One more shows whether there are older ones.
  const found = await history(most + 1, {
    before: before === undefined ? undefined : placeOf(before),
  });
  const page = found.slice(0, most);
  const last = page.at(-1);
  return {
    notifications: page.map(notificationJson),
    next: found.length > most && last !== undefined ? `${last.createdMs}:${last.id}` : null,
  };
}

export function notificationJson({
  createdMs,
  settledMs,
  alerts,
  ...rest
}: StoredNotification): z.output<typeof Notification> {
  return {
    ...rest,
    alerts: [...alerts],
    createdAt: new Date(createdMs).toISOString(),
    settledAt: settledMs === undefined ? null : new Date(settledMs).toISOString(),
  };
}

export function placeOf(before: string): HistoryPlace {
  const [ms = "", id = ""] = before.split(":");
  return { ms: Number(ms), id };
}
