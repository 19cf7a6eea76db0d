import { ownOrGlobal } from "../global_secret.ts";
import { httpChannel, sent } from "../http_channel.ts";
import { victorOpsMessage } from "./message.ts";
import { VictorOpsConfig } from "./schema.ts";

/** Incidents in VictorOps, now Splunk On-Call. */
export const victorops = httpChannel<VictorOpsConfig>({
  name: "victorops",
  title: "VictorOps (Splunk On-Call)",
  schema: VictorOpsConfig,
  complete: (config, global) => {
    const { text, file, mistakes } = ownOrGlobal(
      { text: config.api_key, file: config.api_key_file },
      { text: global.victorops_api_key, file: global.victorops_api_key_file },
      "VictorOps API key",
    );
    const api_url = config.api_url ?? global.victorops_api_url;
    return { config: { ...config, api_url, api_key: text, api_key_file: file }, mistakes };
  },
  send: async (config, { notification, texts, secret, ask, details }) => {
    const key = await secret(config.api_key, config.api_key_file);
    const base = (config.api_url ?? "").replace(/\/?$/, "/");
    const url = `${base}${key}/${texts.text(config.routing_key)}`;
    const json = victorOpsMessage(config, notification, texts, await details());
    return sent(await ask({ url, json }));
  },
});
