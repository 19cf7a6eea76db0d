import { SendFailure } from "../failure.ts";
import { httpChannel, sent } from "../http_channel.ts";
import { googleChatMessage } from "./message.ts";
import { GoogleChatConfig } from "./schema.ts";

/** Messages in a space of Google Chat, by a webhook. */
export const googlechat = httpChannel<GoogleChatConfig>({
  name: "googlechat",
  title: "Google Chat",
  schema: GoogleChatConfig,
  send: async (config, { notification, texts, secret, secrets, ask, details }) => {
    const written = await secret(config.webhook_url, config.webhook_url_file);
    if (!URL.canParse(written))
      throw new SendFailure("invalid webhook_url: expected a URL", {
        reason: "clientError",
        isRetried: false,
      });
    const url = new URL(written);
    for (const value of url.searchParams.values()) secrets.add(value);
    if (config.threads)
      url.searchParams.set("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
    const json = googleChatMessage(config, notification, texts, await details());
    return sent(await ask({ url: url.href, json }));
  },
});
