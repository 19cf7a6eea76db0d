import type { Texts } from "../channel.ts";
import { type MessageDetails, chartFileName, factLines, markdownLinks } from "../details.ts";
import { inRunes } from "../truncated.ts";
import type { ZulipConfig } from "./schema.ts";

const [topicRunesMax, contentRunesMax] = [60, 10_000];

/** The form of a message (zulip.com/api/send-message). */
export function zulipForm(
  config: ZulipConfig,
  { text }: Texts,
  details?: MessageDetails,
  picture = "",
): URLSearchParams {
  const more = details === undefined ? "" : `\n\n${detailsText(details, picture)}`;
  const topic = inRunes(text(config.topic).trim(), topicRunesMax);
  return new URLSearchParams({
    type: "stream",
    to: text(config.stream),
    topic: topic === "" ? "alerts" : topic,
    content: inRunes(text(config.message), contentRunesMax - more.length) + more,
  });
}

/** A link to a picture among the uploads of the server is shown as the picture. */
function detailsText(details: MessageDetails, picture: string): string {
  const shown = picture === "" ? "" : `\n[${chartFileName}](${picture})`;
  return `${factLines(details)}\n${markdownLinks(details)}${shown}`;
}
