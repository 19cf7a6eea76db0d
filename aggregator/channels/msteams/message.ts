import type { Texts } from "../channel.ts";
import type { MessageDetails } from "../details.ts";
import type { NotifiedStatus, Notification } from "../notification.ts";
import { inBytes } from "../truncated.ts";
import type { MsTeamsConfig } from "./schema.ts";

/** Teams refuses messages over about 28 KB. */
const textBytesMax = 24 * 1_024;
/** Buttons of a card. */
const actionsMax = 4;
const colors: Readonly<Record<NotifiedStatus, string>> = { firing: "8C1A1A", resolved: "2DC72D" };

/** A message card (learn.microsoft.com, actionable messages). */
export function messageCard(
  config: MsTeamsConfig,
  { status }: Notification,
  texts: Texts,
  details?: MessageDetails,
) {
  return {
    "@context": "http://schema.org/extensions",
    type: "MessageCard",
    title: texts.text(config.title),
    summary: texts.text(config.summary),
    text: inBytes(texts.text(config.text), textBytesMax),
    themeColor: colors[status],
    ...(details === undefined ? {} : detailsOf(details)),
  };
}

/** A section of the card, and its buttons. Pictures are taken by their address. */
function detailsOf({ facts, links, chart }: MessageDetails) {
  const image = chart?.link();
  const section = {
    facts: facts.map(({ name, value }) => ({ name, value })),
    ...(image === undefined ? {} : { images: [{ image, title: chart?.alt ?? "" }] }),
  };
  const potentialAction = links.slice(0, actionsMax).map(({ title, url }) => ({
    "@type": "OpenUri",
    name: title,
    targets: [{ os: "default", uri: url }],
  }));
  return { sections: [section], ...(potentialAction.length === 0 ? {} : { potentialAction }) };
}
