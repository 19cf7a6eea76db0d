import type { Texts } from "../channel.ts";
import { type ChartPicture, type MessageDetails, addChart, chartFileName } from "../details.ts";
import type { NotifiedStatus, Notification } from "../notification.ts";
import { inRunes } from "../truncated.ts";
import type { DiscordConfig } from "./schema.ts";

/** Discord's limits of an embed and of a message, in characters. */
const [titleRunesMax, descriptionRunesMax, contentRunesMax] = [256, 4_096, 2_000];
const [fieldNameRunesMax, fieldValueRunesMax] = [256, 1_024];
const colors: Readonly<Record<NotifiedStatus, number>> = { firing: 0x992d22, resolved: 0x2ecc71 };

/** The body of an execution of a webhook (Discord's API, resources/webhook). */
export function discordMessage(
  config: DiscordConfig,
  { status }: Notification,
  texts: Texts,
  details?: MessageDetails,
) {
  const { username, avatar_url } = config;
  return {
    content: inRunes(texts.text(config.content), contentRunesMax),
    embeds: [
      {
        title: inRunes(texts.text(config.title), titleRunesMax),
        description: inRunes(texts.text(config.message), descriptionRunesMax),
        color: colors[status],
        ...(details === undefined ? {} : { fields: fieldsOf(details) }),
        ...(details?.chart === undefined
          ? {}
          : { image: { url: `attachment://${chartFileName}` } }),
      },
    ],
    ...(username === "" ? {} : { username }),
    ...(URL.canParse(avatar_url) ? { avatar_url } : {}),
  };
}

function fieldsOf({ facts, links }: MessageDetails) {
  const fields = facts.map(({ name, value }) => ({
    name: inRunes(name, fieldNameRunesMax),
    value: inRunes(value, fieldValueRunesMax),
    inline: value.length < 40,
  }));
  // A link that is cut is none.
  const shown = links
    .map(({ title, url }) => `[${title}](${url.replaceAll(")", "%29")})`)
    .filter((link) => link.length <= fieldValueRunesMax);
  const linkFields = shown.map((value) => ({ name: "\u200b", value, inline: true }));
  return [...fields, ...linkFields];
}

/** A message with its chart, as a form of files (Discord's API, "Uploading Files"). */
export function discordForm(message: object, chart: ChartPicture): FormData {
  const form = new FormData();
  const attachments = [{ id: 0, filename: chartFileName, description: chart.alt }];
  form.set("payload_json", JSON.stringify({ ...message, attachments }));
  return addChart(form, "files[0]", chart);
}
