import type { Texts } from "../channel.ts";
import { groupHash } from "../group_hash.ts";
import type { Notification } from "../notification.ts";
import { inBytes, inRunes } from "../truncated.ts";
import { plainBytesMax } from "./encrypt.ts";
import type { WebpushConfig } from "./schema.ts";

const titleRunesMax = 200;
const urlBytesMax = 1_000;
/** Of a message's topic (RFC 8030, section 5.4). */
const topicLength = 32;
const urgencies: ReadonlySet<string> = new Set(["very-low", "low", "normal", "high"]);

/** What the interface's service worker shows: JSON, within what push services take. */
export function webpushMessage(
  config: WebpushConfig,
  notification: Notification,
  { text }: Texts,
): Buffer {
  const tag = groupHash(notification).slice(0, topicLength);
  const url = text(config.url);
  const message = {
    title: inRunes(text(config.title), titleRunesMax),
    body: "",
    url: Buffer.byteLength(url) > urlBytesMax ? notification.externalUrl : url,
    // A later message of the group takes its place.
    tag,
    isFiring: notification.status === "firing",
  };
  const left = plainBytesMax - Buffer.byteLength(JSON.stringify(message));
  let body = inBytes(text(config.message).trim(), Math.max(0, left));
  // Quotes and line breaks take two bytes or more in JSON.
  while (Buffer.byteLength(JSON.stringify(body)) > left) body = body.slice(0, -100);
  return Buffer.from(JSON.stringify({ ...message, body }));
}

/** The headers of a message to a push service (RFC 8030, section 5). */
export function webpushHeaders(
  config: WebpushConfig,
  notification: Notification,
  { text }: Texts,
): Readonly<Record<string, string>> {
  const urgency = text(config.urgency).trim();
  return {
    "Content-Type": "application/octet-stream",
    "Content-Encoding": "aes128gcm",
    TTL: String(Math.floor(config.ttl / 1_000)),
    Urgency: urgencies.has(urgency) ? urgency : "normal",
    // Of messages that wait for a device only the newest of a group is kept.
    Topic: groupHash(notification).slice(0, topicLength),
  };
}
