import type { NotifiedAlert, Notification } from "#aggregator/channels/notification.ts";
import type { Labels } from "#shared/model/labels.ts";
import { type ReceivedAlert, isResolved } from "./alert.ts";
import type { AlertGroup } from "./alert_group.ts";

/** An alert as notifications have it at a time: what fires has no end. */
export function notifiedAlert(alert: ReceivedAlert, nowMs: number): NotifiedAlert {
  const { labels, annotations, startsAtMs, endsAtMs, generatorUrl, fingerprint } = alert;
  const isOver = isResolved(alert, nowMs);
  return {
    status: isOver ? "resolved" : "firing",
    labels,
    annotations,
    startsAtMs,
    endsAtMs: isOver ? endsAtMs : undefined,
    generatorUrl,
    fingerprint,
  };
}

export type NotificationParts = Pick<
  Notification,
  "reason" | "kept" | "externalUrl" | "routeLabels" | "alerts"
>;

export function notificationOf(group: AlertGroup, parts: NotificationParts): Notification {
  const { alerts } = parts;
  return {
    ...parts,
    receiver: group.route.receiver,
    status: alerts.some(({ status }) => status === "firing") ? "firing" : "resolved",
    groupKey: group.key,
    groupLabels: group.labels,
    commonLabels: commonOf(alerts.map(({ labels }) => labels)),
    commonAnnotations: commonOf(alerts.map(({ annotations }) => annotations)),
  };
}

/** What all have with the same value. */
function commonOf([first, ...others]: readonly Labels[]): Labels {
  let common = Object.entries(first ?? {});
  for (const labels of others) {
    if (common.length === 0) break;
    common = common.filter(([name, value]) => labels[name] === value);
  }
  return Object.fromEntries(common);
}
