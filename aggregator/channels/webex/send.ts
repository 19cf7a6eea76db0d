import { httpChannel, orWithoutChart, sent } from "../http_channel.ts";
import { webexForm, webexMessage } from "./message.ts";
import { WebexConfig } from "./schema.ts";

/** Messages in a room of Webex, by a bot. */
export const webex = httpChannel<WebexConfig>({
  name: "webex",
  title: "Webex",
  schema: WebexConfig,
  complete: (config, global) => ({
    config: { ...config, api_url: config.api_url ?? global.webex_api_url },
    mistakes:
      config.http_config?.authorization === undefined
        ? ["missing http_config.authorization: expected the bot's token"]
        : [],
  }),
  send: async (config, { texts, ask, details }) => {
    const url = config.api_url ?? "";
    const more = await details();
    const json = webexMessage(config, texts, more);
    return orWithoutChart(more, async (chart) =>
      sent(await ask(chart === undefined ? { url, json } : { url, body: webexForm(json, chart) })),
    );
  },
});
