import { formHeaders } from "../http/form.ts";
import { httpChannel, sent } from "../http_channel.ts";
import { pushoverForm } from "./message.ts";
import { PushoverConfig } from "./schema.ts";

/** Messages on phones, by Pushover. */
export const pushover = httpChannel<PushoverConfig>({
  name: "pushover",
  title: "Pushover",
  schema: PushoverConfig,
  send: async (config, { texts, secret, ask }) => {
    const token = texts.text(await secret(config.token, config.token_file));
    const user = texts.text(await secret(config.user_key, config.user_key_file));
    const body = pushoverForm(config, texts, token, user).toString();
    return sent(await ask({ url: config.api_url, headers: formHeaders, body }));
  },
});
