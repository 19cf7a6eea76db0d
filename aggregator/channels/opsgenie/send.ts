import { ownOrGlobal } from "../global_secret.ts";
import { type Sent, httpChannel, sent } from "../http_channel.ts";
import { opsgenieRequests } from "./message.ts";
import { OpsgenieConfig } from "./schema.ts";

/** Alerts in Opsgenie: one for each group, which its resolved notification closes. */
export const opsgenie = httpChannel<OpsgenieConfig>({
  name: "opsgenie",
  title: "Opsgenie",
  schema: OpsgenieConfig,
  complete: (config, global) => {
    const { text, file, mistakes } = ownOrGlobal(
      { text: config.api_key, file: config.api_key_file },
      { text: global.opsgenie_api_key, file: global.opsgenie_api_key_file },
      "Opsgenie API key",
    );
    const api_url = config.api_url ?? global.opsgenie_api_url;
    return { config: { ...config, api_url, api_key: text, api_key_file: file }, mistakes };
  },
  send: async (config, { notification, texts, secret, secrets, ask }) => {
    const key = texts.text(await secret(config.api_key, config.api_key_file));
    secrets.add(key);
    let last: Sent = { answer: "" };
    for (const request of opsgenieRequests(config, notification, texts))
      last = sent(await ask({ ...request, headers: { Authorization: `GenieKey ${key}` } }));
    return last;
  },
});
