import { createHmac } from "node:crypto";
import type { Texts } from "../channel.ts";
import { messageData } from "../message_data.ts";
import type { Notification } from "../notification.ts";
import { rendered } from "../rendered.ts";
import type { WebhookConfig } from "./schema.ts";

/** The body of a webhook: Alertmanager's message of version 4, or the payload of the configuration. */
export function webhookBody(
  config: Pick<WebhookConfig, "payload" | "max_alerts">,
  notification: Notification,
  texts: Texts,
): string {
  const { payload, max_alerts } = config;
  return JSON.stringify(
    payload === undefined ? messageData(notification, max_alerts, "4") : rendered(payload, texts),
  );
}

/** `t=<Unix seconds>,v1=<hexadecimal HMAC of "<t>.<body>">`. */
export function signatureOf(
  body: string,
  secret: string,
  algorithm: "sha256" | "sha512",
  nowMs: number,
): string {
  const seconds = Math.floor(nowMs / 1_000);
  const digest = createHmac(algorithm, secret).update(`${seconds}.${body}`).digest("hex");
  return `t=${seconds},v1=${digest}`;
}
