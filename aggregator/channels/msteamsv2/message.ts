import type { Texts } from "../channel.ts";
import type { NotifiedStatus, Notification } from "../notification.ts";
import { inBytes } from "../truncated.ts";
import type { MsTeamsV2Config } from "./schema.ts";

/** Teams refuses messages over about 28 KB. */
const textBytesMax = 24 * 1_024;
const colors: Readonly<Record<NotifiedStatus, string>> = { firing: "Attention", resolved: "Good" };

/** A message with one adaptive card (adaptivecards.io, version 1.2). */
export function adaptiveCard(config: MsTeamsV2Config, { status }: Notification, texts: Texts) {
  const title = {
    type: "TextBlock",
    text: texts.text(config.title),
    weight: "Bolder",
    size: "Medium",
    wrap: true,
    style: "heading",
    color: colors[status],
  };
  const text = inBytes(texts.text(config.text), textBytesMax);
  return {
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.2",
          body: [title, { type: "TextBlock", text, wrap: true }],
          msteams: { width: "full" },
        },
      },
    ],
  };
}
