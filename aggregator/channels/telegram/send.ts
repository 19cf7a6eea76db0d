import { SendFailure } from "../failure.ts";
import { ownOrGlobal } from "../global_secret.ts";
import { jsonOf, requireSuccess } from "../http/answer.ts";
import { httpChannel, sent } from "../http_channel.ts";
import { memberOf, memberText } from "../service_error.ts";
import { telegramMessage } from "./message.ts";
import { TelegramConfig } from "./schema.ts";

/** Messages in a chat of Telegram, by a bot. */
export const telegram = httpChannel<TelegramConfig>({
  name: "telegram",
  title: "Telegram",
  schema: TelegramConfig,
  complete: (config, global) => {
    const { text, file, mistakes } = ownOrGlobal(
      { text: config.bot_token, file: config.bot_token_file },
      { text: global.telegram_bot_token, file: global.telegram_bot_token_file },
      "Telegram bot token",
    );
    const api_url = config.api_url ?? global.telegram_api_url;
    return { config: { ...config, api_url, bot_token: text, bot_token_file: file }, mistakes };
  },
  send: async (config, { texts, secret, secrets, parts, askAny, ask }) => {
    const token = await secret(config.bot_token, config.bot_token_file);
    const chatId = await secret(config.chat_id?.toString(), config.chat_id_file);
    secrets.delete(chatId);
    if (!/^-?\d+$/.test(chatId))
      throw new SendFailure(`invalid chat_id ${JSON.stringify(chatId)}: expected a number`, {
        reason: "clientError",
        isRetried: true,
      });
    const url = `${(config.api_url ?? "").replace(/\/$/, "")}/bot${token}/sendMessage`;
    const answer = await askAny({ url, json: telegramMessage(config, texts, chatId) });
    const movedTo = memberText(memberOf(jsonOf(answer), "parameters"), "migrate_to_chat_id");
    if (movedTo === "") {
      requireSuccess(answer, parts.now());
      return sent(answer);
    }
    // A group that becomes a supergroup gets another number (core.telegram.org/bots/api, ResponseParameters).
    const moved = await ask({ url, json: telegramMessage(config, texts, movedTo) });
    return {
      answer: `the chat ${chatId} is now ${movedTo}: change chat_id. ${sent(moved).answer}`,
    };
  },
});
