import { z } from "zod";
import type { Notification } from "#aggregator/channels/notification.ts";

const Texts = z.record(z.string(), z.string());

/** The body of a webhook, as Alertmanager sends it. */
export const WebhookBody = z.object({
  receiver: z.string(),
  status: z.string(),
  alerts: z.array(
    z.object({
      status: z.string(),
      labels: Texts,
      annotations: Texts,
      startsAt: z.string(),
      endsAt: z.string(),
      generatorURL: z.string(),
      fingerprint: z.string(),
    }),
  ),
  groupLabels: Texts,
  commonLabels: Texts,
  commonAnnotations: Texts,
  version: z.literal("4"),
  groupKey: z.string(),
  truncatedAlerts: z.number(),
  notification_reason: z.string().optional(),
});
export type WebhookBody = z.output<typeof WebhookBody>;

/** A notification as both sides must send it. Times are whole seconds since the stream began. */
export type Notified = {
  readonly receiver: string;
  readonly status: string;
  readonly groupKey: string;
  readonly groupLabels: unknown;
  readonly commonLabels: unknown;
  readonly commonAnnotations: unknown;
  /** undefined where the sender is too old to say it. */
  readonly reason: string | undefined;
  /** In their order. */
  readonly alerts: readonly unknown[];
};

/** What each webhook of each receiver was sent of each group, in its order. */
export type Sequences = Map<string, Notified[]>;

export function addTo(sequences: Sequences, hook: string, one: Notified): void {
  const key = JSON.stringify([hook, one.groupKey]);
  sequences.set(key, [...(sequences.get(key) ?? []), one]);
}

export function fromWebhook(body: WebhookBody, startMs: number): Notified {
  const { receiver, status, groupKey, groupLabels, commonLabels, commonAnnotations } = body;
  const alerts = body.alerts.map(({ startsAt, endsAt, ...alert }) => ({
    ...alert,
    startsAt: seconds(msOf(startsAt), startMs),
    endsAt: seconds(msOf(endsAt), startMs),
  }));
  const group = { groupKey, groupLabels, commonLabels, commonAnnotations };
  return { receiver, status, ...group, reason: body.notification_reason, alerts };
}

export function fromNotification(notification: Notification, startMs: number): Notified {
  const { receiver, status, reason } = notification;
  const { groupKey, groupLabels, commonLabels, commonAnnotations } = notification;
  const alerts = notification.alerts.map(
    ({ startsAtMs, endsAtMs, generatorUrl, status: own, labels, annotations, fingerprint }) => ({
      status: own,
      labels,
      annotations,
      generatorURL: generatorUrl,
      fingerprint,
      startsAt: seconds(startsAtMs, startMs),
      endsAt: seconds(endsAtMs, startMs),
    }),
  );
  const group = { groupKey, groupLabels, commonLabels, commonAnnotations };
  return { receiver, status, ...group, reason, alerts };
}

/** The firing alert has no end. */
function seconds(ms: number | undefined, startMs: number): number | undefined {
  return ms === undefined ? undefined : Math.round((ms - startMs) / 1_000);
}

function msOf(text: string): number | undefined {
  return text.startsWith("0001-") ? undefined : Date.parse(text);
}
