import type { Texts } from "../channel.ts";
import type { MessageDetails } from "../details.ts";
import type { NotifiedStatus, Notification } from "../notification.ts";
import { inBytes } from "../truncated.ts";
import type { MsTeamsV2Config } from "./schema.ts";

/** Teams refuses messages over about 28 KB. */
const textBytesMax = 24 * 1_024;
const colors: Readonly<Record<NotifiedStatus, string>> = { firing: "Attention", resolved: "Good" };

/** A message with one adaptive card (adaptivecards.io, version 1.2). */
export function adaptiveCard(
  config: MsTeamsV2Config,
  { status }: Notification,
  texts: Texts,
  details?: MessageDetails,
) {
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
          body: [
            title,
            ...(details === undefined ? [] : detailsOf(details)),
            { type: "TextBlock", text, wrap: true },
          ],
          ...(details === undefined ? {} : { actions: actionsOf(details) }),
          msteams: { width: "full" },
        },
      },
    ],
  };
}

function detailsOf({ facts, chart }: MessageDetails) {
  const url = chart?.link();
  return [
    ...(chart === undefined || url === undefined
      ? []
      : [{ type: "Image", url, altText: chart.alt, size: "Stretch" }]),
    { type: "FactSet", facts: facts.map(({ name: title, value }) => ({ title, value })) },
  ];
}

function actionsOf({ links }: MessageDetails) {
  return links.map(({ title, url }) => ({ type: "Action.OpenUrl", title, url }));
}
