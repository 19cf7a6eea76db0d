import type { Texts } from "../channel.ts";
import type { MessageDetails } from "../details.ts";
import { inRunes } from "../truncated.ts";
import { withoutEmpty } from "../without_empty.ts";
import type { SlackConfig } from "./schema.ts";

const titleRunesMax = 1_024;
/** Buttons of an attachment. */
const actionsMax = 5;

/** The body of a message (api.slack.com, chat.postMessage with attachments). */
export function slackMessage(config: SlackConfig, { text }: Texts, details?: MessageDetails) {
  return {
    ...withoutEmpty({
      channel: text(config.channel),
      username: text(config.username),
      icon_emoji: text(config.icon_emoji),
      icon_url: text(config.icon_url),
      link_names: config.link_names,
      text: text(config.message_text),
    }),
    attachments: [attachment(config, text, details)],
  };
}

function attachment(
  config: SlackConfig,
  text: Texts["text"],
  { facts, links, chart }: MessageDetails = { facts: [], links: [], chart: undefined },
) {
  const fields = [
    ...config.fields.map((field) => ({
      title: text(field.title),
      value: text(field.value),
      short: field.short ?? config.short_fields,
    })),
    ...facts.map(({ name, value }) => ({ title: name, value, short: value.length < 40 })),
  ];
  const actions = [
    ...config.actions.map((one) => action(one, text)),
    ...links.map(({ title, url }) => ({ type: "button", text: title, url })),
  ].slice(0, actionsMax);
  const { mrkdwn_in } = config;
  return {
    ...withoutEmpty({
      title: inRunes(text(config.title), titleRunesMax),
      title_link: text(config.title_link),
      pretext: text(config.pretext),
      image_url: text(config.image_url) || (chart?.link() ?? ""),
      thumb_url: text(config.thumb_url),
      color: text(config.color),
    }),
    text: text(config.text),
    fallback: text(config.fallback),
    callback_id: text(config.callback_id),
    footer: text(config.footer),
    mrkdwn_in: mrkdwn_in.length === 0 ? ["fallback", "pretext", "text"] : mrkdwn_in,
    ...(fields.length === 0 ? {} : { fields }),
    ...(actions.length === 0 ? {} : { actions }),
  };
}

function action(written: SlackConfig["actions"][number], text: Texts["text"]) {
  const { type, style, url, name, value, confirm } = written;
  const common = { type: text(type), text: text(written.text), style: text(style) };
  // A link has no name, value and confirmation.
  if (url !== "") return withoutEmpty({ ...common, url: text(url) });
  return {
    ...withoutEmpty({ ...common, name: text(name), value: text(value) }),
    ...(confirm === undefined
      ? {}
      : {
          confirm: withoutEmpty({
            text: text(confirm.text),
            title: text(confirm.title),
            ok_text: text(confirm.ok_text),
            dismiss_text: text(confirm.dismiss_text),
          }),
        }),
  };
}
