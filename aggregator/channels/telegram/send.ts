import type { ChartPicture } from "../details.ts";
import { SendFailure } from "../failure.ts";
import { ownOrGlobal } from "../global_secret.ts";
import { jsonOf, requireSuccess } from "../http/answer.ts";
import { type Attempt, type Sent, httpChannel, orWithoutChart, sent } from "../http_channel.ts";
import { memberOf, memberText } from "../service_error.ts";
import { telegramMessage, telegramPhoto, telegramReply } from "./message.ts";
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
  send: async (config, attempt) => {
    const { texts, secret, secrets, details } = attempt;
    const token = await secret(config.bot_token, config.bot_token_file);
    const chatId = await secret(config.chat_id?.toString(), config.chat_id_file);
    secrets.delete(chatId);
    if (!/^-?\d+$/.test(chatId))
      throw new SendFailure(`invalid chat_id ${JSON.stringify(chatId)}: expected a number`, {
        reason: "clientError",
        isRetried: true,
      });
    const methods = `${(config.api_url ?? "").replace(/\/$/, "")}/bot${token}`;
    const more = await details();
    const sendTo = (chat: string) =>
      orWithoutChart(more, (chart) => {
        const message = telegramMessage(config, texts, chat, more && { ...more, chart });
        return sendMessage(methods, message, chart, attempt);
      });
    try {
      return await sendTo(chatId);
    } catch (thrown) {
      if (!(thrown instanceof Moved)) throw thrown;
      // A group that becomes a supergroup gets another number (core.telegram.org/bots/api, ResponseParameters).
      const moved = await sendTo(thrown.chatId);
      return {
        answer: `the chat ${chatId} is now ${thrown.chatId}: change chat_id. ${moved.answer}`,
      };
    }
  },
});

/** The chat has another number. */
class Moved extends Error {
  readonly chatId: string;

  constructor(chatId: string) {
    super(`the chat is now ${chatId}`);
    this.chatId = chatId;
  }
}

async function sendMessage(
  methods: string,
  message: ReturnType<typeof telegramMessage>,
  chart: ChartPicture | undefined,
  { askAny, parts }: Attempt,
): Promise<Sent> {
  const photo = chart === undefined ? undefined : telegramPhoto(message, chart);
  const answer = await askAny(
    photo === undefined
      ? { url: `${methods}/sendMessage`, json: message }
      : { url: `${methods}/sendPhoto`, body: photo },
  );
  const movedTo = memberText(memberOf(jsonOf(answer), "parameters"), "migrate_to_chat_id");
  if (movedTo !== "") throw new Moved(movedTo);
  requireSuccess(answer, parts.now());
  if (chart === undefined || photo !== undefined) return sent(answer);
  const id = memberText(memberOf(jsonOf(answer), "result"), "message_id");
  // The message is out; without its picture it is still one.
  const reply = await askAny({
    url: `${methods}/sendPhoto`,
    body: telegramReply(message, chart, id),
  }).catch(() => undefined);
  const isShown = reply !== undefined && reply.status < 300;
  return { answer: `${isShown ? "" : "without the chart: "}${sent(answer).answer}` };
}
