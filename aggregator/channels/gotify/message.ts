import type { Texts } from "../channel.ts";
import { type MessageDetails, markdownDetails } from "../details.ts";
import type { GotifyConfig } from "./schema.ts";

/** The body of a message (gotify.net/api-docs). Pictures are taken by their address (gotify.net/docs/msgextras). */
export function gotifyMessage(config: GotifyConfig, { text }: Texts, details?: MessageDetails) {
  const priority = Number(text(config.priority));
  const url = details?.chart?.link();
  const message = text(config.message) || "(no details)";
  return {
    title: text(config.title),
    message: details === undefined ? message : `${detailsText(details, url)}\n\n${message}`,
    priority: Number.isInteger(priority) ? Math.min(10, Math.max(0, priority)) : 5,
    extras: {
      "client::display": { contentType: "text/markdown" },
      ...(url === undefined ? {} : { "client::notification": { bigImageUrl: url } }),
    },
  };
}

function detailsText(details: MessageDetails, url: string | undefined): string {
  const alt = (details.chart?.alt ?? "").replaceAll(/[[\]]/g, "");
  const picture = url === undefined ? "" : `![${alt}](${url})  \n`;
  return picture + markdownDetails(details);
}
