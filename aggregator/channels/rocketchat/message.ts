import type { Texts } from "../channel.ts";
import { type MessageDetails, markdownLinks } from "../details.ts";
import { inRunes } from "../truncated.ts";
import { withoutEmpty } from "../without_empty.ts";
import type { RocketchatConfig } from "./schema.ts";

const titleRunesMax = 1_024;

/** The body of chat.postMessage (developer.rocket.chat). */
export function rocketchatMessage(
  config: RocketchatConfig,
  { text }: Texts,
  details?: MessageDetails,
) {
  const fields = config.fields.map(({ title, value, short = config.short_fields }) => ({
    short,
    ...withoutEmpty({ title: text(title), value: text(value) }),
  }));
  const actions = config.actions.map((action) =>
    // Rocket.Chat knows buttons only.
    withoutEmpty({
      type: "button",
      text: text(action.text),
      url: text(action.url),
      msg: text(action.msg),
    }),
  );
  const attachment = {
    ...withoutEmpty({
      title: inRunes(text(config.title), titleRunesMax),
      title_link: text(config.title_link),
      text: text(config.text),
      image_url: text(config.image_url),
      thumb_url: text(config.thumb_url),
      color: text(config.color),
    }),
    ...(fields.length === 0 ? {} : { fields }),
    ...(actions.length === 0 ? {} : { actions }),
  };
  return {
    ...withoutEmpty({
      channel: text(config.channel),
      emoji: text(config.emoji),
      avatar: text(config.icon_url),
    }),
    attachments: [
      attachment,
      ...(details === undefined ? [] : [detailsAttachment(details, text(config.color))]),
    ],
  };
}

/** An attachment of its own below the other one, whose picture people's programs fetch. */
function detailsAttachment(details: MessageDetails, color: string) {
  return {
    ...withoutEmpty({
      color,
      text: markdownLinks(details),
      image_url: details.chart?.link() ?? "",
    }),
    fields: details.facts.map(({ name, value }) => ({
      short: value.length < 40,
      title: name,
      value,
    })),
  };
}
