import { httpChannel, sent } from "../http_channel.ts";
import { pushbulletMessage } from "./message.ts";
import { PushbulletConfig } from "./schema.ts";

/** Pushes of Pushbullet. */
export const pushbullet = httpChannel<PushbulletConfig>({
  name: "pushbullet",
  title: "Pushbullet",
  schema: PushbulletConfig,
  send: async (config, { texts, secret, ask }) => {
    const headers = {
      "Access-Token": await secret(config.access_token, config.access_token_file),
    };
    return sent(
      await ask({ url: config.api_url, headers, json: pushbulletMessage(config, texts) }),
    );
  },
});
