import { ownOrGlobal } from "../global_secret.ts";
import { jsonOf } from "../http/answer.ts";
import { httpChannel, sent } from "../http_channel.ts";
import { memberText, refusedBy } from "../service_error.ts";
import { rocketchatMessage } from "./message.ts";
import { RocketchatConfig } from "./schema.ts";

/** Messages in Rocket.Chat. */
export const rocketchat = httpChannel<RocketchatConfig>({
  name: "rocketchat",
  title: "Rocket.Chat",
  schema: RocketchatConfig,
  complete: (config, global) => {
    const token = ownOrGlobal(
      { text: config.token, file: config.token_file },
      { text: global.rocketchat_token, file: global.rocketchat_token_file },
      "Rocket.Chat token",
    );
    const id = ownOrGlobal(
      { text: config.token_id, file: config.token_id_file },
      { text: global.rocketchat_token_id, file: global.rocketchat_token_id_file },
      "Rocket.Chat token_id",
    );
    return {
      config: {
        ...config,
        api_url: config.api_url ?? global.rocketchat_api_url,
        token: token.text,
        token_file: token.file,
        token_id: id.text,
        token_id_file: id.file,
      },
      mistakes: [...token.mistakes, ...id.mistakes],
    };
  },
  send: async (config, { texts, secret, ask, details }) => {
    const base = (config.api_url ?? "").replace(/\/?$/, "/");
    const headers = {
      "X-Auth-Token": await secret(config.token, config.token_file),
      "X-User-Id": await secret(config.token_id, config.token_id_file),
    };
    const json = rocketchatMessage(config, texts, await details());
    const answer = await ask({ url: `${base}api/v1/chat.postMessage`, headers, json });
    const body = jsonOf(answer);
    // Errors may come under status 200.
    if (typeof body !== "object" || body === null)
      throw refusedBy("Rocket.Chat", "expected JSON", "other", true);
    if (!("success" in body) || body.success !== true)
      throw refusedBy("Rocket.Chat", memberText(body, "error"));
    return sent(answer);
  },
});
