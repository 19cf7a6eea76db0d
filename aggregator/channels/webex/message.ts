import type { Texts } from "../channel.ts";
import { inBytes } from "../truncated.ts";
import type { WebexConfig } from "./schema.ts";

const markdownBytesMax = 7_439;

/** The body of a message (developer.webex.com, create a message). */
export function webexMessage(config: WebexConfig, { text }: Texts) {
  return {
    markdown: inBytes(text(config.message), markdownBytesMax),
    roomId: text(config.room_id),
  };
}
