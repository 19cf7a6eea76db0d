import type { Texts } from "../channel.ts";
import { type MessageDetails, markdownLinks } from "../details.ts";
import { inRunes } from "../truncated.ts";
import { withoutEmpty } from "../without_empty.ts";
import type { Attachment, MattermostConfig } from "./schema.ts";

const textRunesMax = 16_383;
const priorities = new Set(["urgent", "important", "standard"]);

/** The body of an incoming webhook (developers.mattermost.com). */
export function mattermostMessage(
  config: MattermostConfig,
  { text }: Texts,
  details?: MessageDetails,
) {
  const { attachments, props } = config;
  const card = props === undefined ? "" : text(props.card);
  const isOwn = attachments.length > 0;
  return {
    ...withoutEmpty({
      text: isOwn ? inRunes(text(config.text), textRunesMax) : "",
      channel: text(config.channel),
      username: text(config.username),
      icon_url: text(config.icon_url),
      icon_emoji: text(config.icon_emoji),
      type: text(config.type),
    }),
    attachments: [
      ...(isOwn ? attachments : [config]).map((one) => attachmentOf(one, text)),
      ...(details === undefined ? [] : [detailsAttachment(details)]),
    ],
    ...(card === "" ? {} : { props: { card } }),
    ...priorityOf(config, text),
  };
}

function attachmentOf(written: Attachment, text: Texts["text"]) {
  const fields = written.fields.map(({ title, value, short }) => ({
    title: text(title),
    value: text(value),
    ...(short === undefined ? {} : { short }),
  }));
  return {
    ...withoutEmpty({
      fallback: text(written.fallback),
      color: text(written.color),
      pretext: text(written.pretext),
      text: inRunes(text(written.text), textRunesMax),
      author_name: text(written.author_name),
      author_link: text(written.author_link),
      author_icon: text(written.author_icon),
      title: text(written.title),
      title_link: text(written.title_link),
      thumb_url: text(written.thumb_url),
      footer: text(written.footer),
      footer_icon: text(written.footer_icon),
      image_url: text(written.image_url),
    }),
    ...(fields.length === 0 ? {} : { fields }),
  };
}

/** An attachment of its own below the others: links are Markdown. */
function detailsAttachment(details: MessageDetails) {
  const { facts, chart } = details;
  const image_url = chart?.link() ?? "";
  return {
    ...withoutEmpty({ image_url, fallback: chart?.alt ?? "" }),
    text: markdownLinks(details),
    fields: facts.map(({ name, value }) => ({ title: name, value, short: value.length < 40 })),
  };
}

/** An acknowledgement needs a priority above standard, and repeated notifications need urgent. */
function priorityOf({ priority: written }: MattermostConfig, text: Texts["text"]) {
  if (written === undefined || written.priority === "") return {};
  const asked = text(written.priority).toLowerCase();
  const priority = priorities.has(asked) ? asked : "standard";
  return {
    priority: {
      priority,
      ...withoutEmpty({
        requested_ack: written.requested_ack && priority !== "standard",
        persistent_notifications: written.persistent_notifications && priority === "urgent",
      }),
    },
  };
}
