import { SendFailure } from "../failure.ts";
import { ownOrGlobal } from "../global_secret.ts";
import { httpChannel, sent } from "../http/http_channel.ts";
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
  send: async (config, { texts, secret, secrets, ask }) => {
    const token = await secret(config.bot_token, config.bot_token_file);
    const chatId = await secret(config.chat_id?.toString(), config.chat_id_file);
    secrets.delete(chatId);
    if (!/^-?\d+$/.test(chatId))
      throw new SendFailure(`invalid chat_id ${JSON.stringify(chatId)}: expected a number`, {
        reason: "clientError",
        isRetried: true,
      });
    const url = `${(config.api_url ?? "").replace(/\/$/, "")}/bot${token}/sendMessage`;
    return sent(await ask({ url, json: telegramMessage(config, texts, chatId) }));
  },
});
