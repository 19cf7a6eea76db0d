import type { Texts } from "../channel.ts";
import { groupHash } from "../group_hash.ts";
import type { Notification } from "../notification.ts";
import { inBytes } from "../truncated.ts";
import type { GoogleChatConfig } from "./schema.ts";

/** Google's limit is 32,000 bytes with all that surrounds the text. */
const textBytesMax = 30_000;

/** The body of a message (developers.google.com, Chat API, spaces.messages). */
export function googleChatMessage(
  config: GoogleChatConfig,
  notification: Notification,
  { text }: Texts,
) {
  return {
    text: inBytes(text(config.text), textBytesMax),
    ...(config.threads ? { thread: { threadKey: groupHash(notification) } } : {}),
  };
}
