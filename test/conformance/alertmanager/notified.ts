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
  const since = (text: string) => (text.startsWith("0001-") ? undefined : Date.parse(text));
  const { receiver, status, groupKey, groupLabels, commonLabels, commonAnnotations } = body;
  const alerts = body.alerts.map(({ startsAt, endsAt, ...alert }) => ({
    ...alert,
    startsAt: seconds(since(startsAt), startMs),
    endsAt: seconds(since(endsAt), startMs),
  }));
  return { receiver, status, groupKey, groupLabels, commonLabels, commonAnnotations, alerts };
}

export function fromNotification(notification: Notification, startMs: number): Notified {
  const { receiver, status, groupKey, groupLabels, commonLabels, commonAnnotations } = notification;
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
  return { receiver, status, groupKey, groupLabels, commonLabels, commonAnnotations, alerts };
}

/** The firing alert has no end. */
function seconds(ms: number | undefined, startMs: number): number | undefined {
  return ms === undefined ? undefined : Math.round((ms - startMs) / 1_000);
}
