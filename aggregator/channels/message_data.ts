import type { NotifiedAlert, Notification } from "./notification.ts";
import { quotedReceiver } from "./templates/data.ts";

/** Go's zero time, which stands for the end of an alert that fires. */
const noEnd = "0001-01-01T00:00:00Z";

/** An RFC 3339 time as Go's encoding/json writes it: no fraction where it is 0, and no zeros at its end. */
function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");
}

function alertData(alert: NotifiedAlert) {
  return {
    status: alert.status,
    labels: alert.labels,
    annotations: alert.annotations,
    startsAt: timeText(alert.startsAtMs),
    endsAt: alert.endsAtMs === undefined ? noEnd : timeText(alert.endsAtMs),
    generatorURL: alert.generatorUrl,
    fingerprint: alert.fingerprint,
  };
}

/** A notification as Alertmanager's webhook has it (version 4 of its message). `alertsMax` of 0 is no limit. */
export function messageData(notification: Notification, alertsMax: number, version: "4" | "1") {
  const { alerts } = notification;
  const shown = alertsMax === 0 ? alerts : alerts.slice(0, alertsMax);
  return {
    receiver: quotedReceiver(notification.receiver),
    status: notification.status,
    alerts: shown.map(alertData),
    notification_reason: notification.reason,
    groupLabels: notification.groupLabels,
    commonLabels: notification.commonLabels,
    commonAnnotations: notification.commonAnnotations,
    routeLabels: notification.routeLabels,
    externalURL: notification.externalUrl,
    version,
    groupKey: notification.groupKey,
    truncatedAlerts: alerts.length - shown.length,
  };
}
