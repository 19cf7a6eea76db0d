import type { Texts } from "../channel.ts";
import { type MessageDetails, secureLink } from "../details.ts";
import { groupHash } from "../group_hash.ts";
import type { Notification } from "../notification.ts";
import { inBytes, inRunes } from "../truncated.ts";
import type { GoogleChatConfig } from "./schema.ts";

/** Google's limit is 32,000 bytes with all that surrounds the text. */
const [textBytesMax, textBytesMaxWithCard] = [30_000, 20_000];
const factRunesMax = 1_000;
const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** The body of a message (developers.google.com, Chat API, spaces.messages). */
export function googleChatMessage(
  config: GoogleChatConfig,
  notification: Notification,
  { text }: Texts,
  details?: MessageDetails,
) {
  const bytesMax = details === undefined ? textBytesMax : textBytesMaxWithCard;
  return {
    text: inBytes(text(config.text), bytesMax),
    ...(details === undefined ? {} : { cardsV2: [cardOf(details)] }),
    ...(config.threads ? { thread: { threadKey: groupHash(notification) } } : {}),
  };
}

/** A card below the text (Chat API, reference of cards v2). Pictures are taken by HTTPS alone. */
function cardOf(details: MessageDetails) {
  const imageUrl = secureLink(details);
  const buttons = details.links.map(({ title, url }) => ({
    text: title,
    onClick: { openLink: { url } },
  }));
  const widgets = [
    ...(imageUrl === undefined ? [] : [{ image: { imageUrl, altText: details.chart?.alt ?? "" } }]),
    ...details.facts.map(({ name, value }) => ({
      decoratedText: {
        topLabel: name,
        text: escaped(inRunes(value, factRunesMax)),
        wrapText: true,
      },
    })),
    ...(buttons.length === 0 ? [] : [{ buttonList: { buttons } }]),
  ];
  return { cardId: "details", card: { sections: [{ widgets }] } };
}

/** Texts of widgets may have HTML's tags. */
function escaped(text: string): string {
  return text.replaceAll(/[&<>]/g, (sign) => entities[sign] ?? "");
}
