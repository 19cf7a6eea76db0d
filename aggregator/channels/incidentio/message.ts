import { messageData } from "../message_data.ts";
import type { Notification } from "../notification.ts";

/** incident.io takes no larger message. */
const bodyBytesMax = 512 * 1_024;

/** The message of a webhook. One that is too large keeps its first alert only. */
export function incidentIoBody(notification: Notification, alertsMax: number): string {
  const message = messageData(notification, alertsMax, "1");
  const body = JSON.stringify(message);
  if (Buffer.byteLength(body) <= bodyBytesMax) return body;
  return JSON.stringify({ ...message, alerts: message.alerts.slice(0, 1) });
}
