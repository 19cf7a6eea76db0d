import type { Texts } from "../channel.ts";
import { type ChartPicture, type MessageDetails, chartFileName, factLines } from "../details.ts";
import { inRunes } from "../truncated.ts";
import type { TelegramConfig } from "./schema.ts";

const [textRunesMax, captionRunesMax] = [4_096, 1_024];
/** Cutting HTML would break its tags. */
const tooLong =
  "This notification is longer than Telegram's limit of 4096 characters. Shorten the template of its message.";

/** The body of sendMessage (core.telegram.org, Bot API). */
export function telegramMessage(
  config: TelegramConfig,
  texts: Texts,
  chatId: string,
  details?: MessageDetails,
) {
  const { parse_mode, message_thread_id } = config;
  return {
    chat_id: chatId,
    text: textOf(config, texts, details),
    disable_web_page_preview: true,
    ...(parse_mode === "" ? {} : { parse_mode }),
    ...(message_thread_id === 0 ? {} : { message_thread_id }),
    ...(config.disable_notifications ? { disable_notification: true } : {}),
  };
}

/** sendPhoto, with the text of the message below the picture; undefined where it is longer than a caption may be. */
export function telegramPhoto(
  message: ReturnType<typeof telegramMessage>,
  { png }: ChartPicture,
): FormData | undefined {
  const { text, disable_web_page_preview: _, ...rest } = message;
  if (visibleLength(text, rest.parse_mode) > captionRunesMax) return undefined;
  return photoForm({ ...rest, caption: text }, png);
}

/** sendPhoto as a reply to a message that is too long for a caption. */
export function telegramReply(
  message: ReturnType<typeof telegramMessage>,
  { png }: ChartPicture,
  messageId: string,
): FormData {
  const { text: _, disable_web_page_preview: __, parse_mode: ___, ...rest } = message;
  const to = { message_id: Number(messageId), allow_sending_without_reply: true };
  return photoForm({ ...rest, reply_parameters: JSON.stringify(to) }, png);
}

function photoForm(fields: Readonly<Record<string, unknown>>, png: Uint8Array): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, String(value));
  form.set("photo", new Blob([Buffer.from(png)], { type: "image/png" }), chartFileName);
  return form;
}

/** Telegram counts characters after it has read tags and entities. */
function visibleLength(text: string, mode: string | undefined): number {
  const shown =
    mode === "HTML" ? text.replaceAll(/<[^>]*>/g, "").replaceAll(/&#?\w+;/g, "x") : text;
  return Array.from(shown).length;
}

function textOf(
  { parse_mode, message }: TelegramConfig,
  texts: Texts,
  details: MessageDetails | undefined,
): string {
  switch (parse_mode) {
    case "HTML": {
      const html = texts.html(message) + (details === undefined ? "" : htmlOf(details));
      return Array.from(html).length > textRunesMax ? tooLong : html;
    }
    case "":
      return inRunes(
        texts.text(message) + (details === undefined ? "" : `\n${factLines(details)}`),
        textRunesMax,
      );
    case "Markdown":
    case "MarkdownV2":
      return inRunes(texts.text(message), textRunesMax);
  }
}

function htmlOf({ facts, links }: MessageDetails): string {
  const lines = facts.map(({ name, value }) => `<b>${name}</b>: ${Bun.escapeHTML(value)}`);
  const shown = links.map(({ title, url }) => `<a href="${Bun.escapeHTML(url)}">${title}</a>`);
  return `\n${lines.join("\n")}\n${shown.join(" · ")}`;
}
