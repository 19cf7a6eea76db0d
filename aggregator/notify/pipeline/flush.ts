import type { NotifiedAlert } from "#aggregator/channels/notification.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { Integration } from "../config/integration.ts";
import type { AlertmanagerConfig } from "../config/alertmanager_config.ts";
import type { ReceivedAlert } from "./alert.ts";
import type { AlertGroup } from "./alert_group.ts";
import { reasonToNotify } from "./decision.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Inhibitor } from "./inhibitor.ts";
import { type NotificationParts, notificationOf, notifiedAlert } from "./notification_of.ts";
import type { LogKey, NotificationLog } from "./notification_log.ts";
import { type Silencer, type SuppressedReason, mutedAt } from "./suppression.ts";

/** Notifications get at least this long, whatever the group's interval (Alertmanager, notify.MinTimeout). */
const timeoutMinMs = 10_000;

export type FlushParts = {
  readonly config: AlertmanagerConfig;
  readonly inhibitor: Inhibitor;
  readonly silencer: Silencer;
  readonly log: NotificationLog;
  readonly deliveries: Deliveries;
  readonly externalUrl: () => string;
  readonly onSuppressed: (reason: SuppressedReason, alerts: number) => void;
  /** Renders the labels of a route, which are templates, for the alerts of a notification. */
  readonly renderLabels: (group: AlertGroup, alerts: readonly NotifiedAlert[]) => Labels;
};

/**
 * Notifies of a group what is news to each integration of its receiver. Resolved alerts leave the group once every integration knows
 * of them.
 */
export function flushGroup(
  group: AlertGroup,
  parts: FlushParts,
  nowMs: number,
  onSettled: () => void,
): void {
  const over = group.alerts.filter(({ endsAtMs }) => endsAtMs <= nowMs);
  let left = 1;
  let areAllSent = true;
  const settle = (isSent: boolean): void => {
    areAllSent &&= isSent;
    if (--left > 0) return;
    if (areAllSent) group.removeUnchanged(over);
    onSettled();
  };
  const alerts = unsuppressed(group, parts, nowMs).map((alert) => notifiedAlert(alert, nowMs));
  if (alerts.length > 0) {
    const receiver = parts.config.receivers.find(({ name }) => name === group.route.receiver);
    const news = { group, alerts, nowMs, labels: lazily(() => parts.renderLabels(group, alerts)) };
    for (const integration of receiver?.integrations ?? []) {
      left++;
      notify(news, integration, parts, settle);
    }
  }
  settle(true);
}

/** The alerts that are neither inhibited nor muted nor silenced. */
function unsuppressed(
  group: AlertGroup,
  { config, inhibitor, silencer, onSuppressed }: FlushParts,
  nowMs: number,
): readonly ReceivedAlert[] {
  const keep = (
    alerts: readonly ReceivedAlert[],
    reason: SuppressedReason,
    isHidden: (alert: ReceivedAlert) => boolean,
  ): readonly ReceivedAlert[] => {
    const kept = alerts.filter((alert) => !isHidden(alert));
    if (kept.length < alerts.length) onSuppressed(reason, alerts.length - kept.length);
    return kept;
  };
  const uninhibited = keep(
    group.alerts,
    "inhibition",
    ({ labels }) => inhibitor.sourceOf(labels, nowMs) !== undefined,
  );
  if (uninhibited.length === 0) return uninhibited;
  const muted = mutedAt(group.route, config.timeIntervals, nowMs);
  group.mutedBy = muted?.by ?? [];
  if (muted !== undefined) return keep(uninhibited, muted.reason, () => true);
  return keep(
    uninhibited,
    "silence",
    ({ labels }) => silencer.silencesOf(labels, nowMs).length > 0,
  );
}

type News = {
  readonly group: AlertGroup;
  readonly alerts: readonly NotifiedAlert[];
  readonly nowMs: number;
  readonly labels: () => Labels;
};

function notify(
  { group, alerts, nowMs, labels }: News,
  integration: Integration,
  { log, deliveries, externalUrl }: FlushParts,
  onSettled: (isSent: boolean) => void,
): void {
  const { route } = group;
  const key: LogKey = {
    groupKey: group.key,
    receiver: route.receiver,
    integration: integrationName(integration),
  };
  // What was not delivered yet goes on; others of the group do not wait for it.
  if (deliveries.isBusy(key)) return onSettled(false);
  const of = (wanted: NotifiedAlert["status"]) =>
    alerts.filter(({ status }) => status === wanted).map(({ fingerprint }) => fingerprint);
  const [firing, resolved] = [of("firing"), of("resolved")];
  const entry = log.find(key, nowMs);
  const { repeatIntervalMs, groupIntervalMs } = route;
  const { sendsResolved } = integration;
  const sets = { firing: new Set(firing), resolved: new Set(resolved) };
  const reason = reasonToNotify({ ...sets, entry, sendsResolved, repeatIntervalMs, nowMs });
  if (reason === undefined) return onSettled(true);
  const kept = reason === "first notification" ? {} : (entry?.kept ?? {});
  if (!sendsResolved && firing.length === 0) {
    deliveries.note({ ...key, firing, resolved, kept }, repeatIntervalMs);
    return onSettled(true);
  }
  const sent = sendsResolved ? alerts : alerts.filter(({ status }) => status === "firing");
  const common: NotificationParts = {
    alerts: sent,
    reason,
    kept,
    externalUrl: externalUrl(),
    routeLabels: labels(),
  };
  deliveries.start({
    key,
    integration,
    notification: notificationOf(group, common),
    firing,
    resolved,
    repeatIntervalMs,
    timeoutMs: Math.max(groupIntervalMs, timeoutMinMs),
    onSettled,
  });
}

/** As it stands in the log and in messages: `webhook[0]`. */
function integrationName({ channel, index }: Pick<Integration, "channel" | "index">): string {
  return `${channel}[${index}]`;
}

function lazily<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
