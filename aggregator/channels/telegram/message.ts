import type { Texts } from "../channel.ts";
import { inRunes } from "../truncated.ts";
import type { TelegramConfig } from "./schema.ts";

const textRunesMax = 4_096;
/** Cutting HTML would break its tags. */
const tooLong =
  "This notification is longer than Telegram's limit of 4096 characters. Shorten the template of its message.";

/** The body of sendMessage (core.telegram.org, Bot API). */
export function telegramMessage(config: TelegramConfig, texts: Texts, chatId: string) {
  const { parse_mode, message_thread_id } = config;
  return {
    chat_id: chatId,
    text: textOf(config, texts),
    disable_web_page_preview: true,
    ...(parse_mode === "" ? {} : { parse_mode }),
    ...(message_thread_id === 0 ? {} : { message_thread_id }),
    ...(config.disable_notifications ? { disable_notification: true } : {}),
  };
}

function textOf({ parse_mode, message }: TelegramConfig, texts: Texts): string {
  if (parse_mode !== "HTML") return inRunes(texts.text(message), textRunesMax);
  const html = texts.html(message);
  return Array.from(html).length > textRunesMax ? tooLong : html;
}
