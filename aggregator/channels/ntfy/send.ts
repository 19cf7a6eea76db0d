import { httpChannel, orWithoutChart, sent } from "../http_channel.ts";
import { isGiven } from "../key_checks.ts";
import { ntfyHeaders, ntfyMessage } from "./message.ts";
import { NtfyConfig } from "./schema.ts";

/** Messages of ntfy. */
export const ntfy = httpChannel<NtfyConfig>({
  name: "ntfy",
  title: "ntfy",
  schema: NtfyConfig,
  send: async (config, { texts, secret, ask, details }) => {
    const isClosed = isGiven(config.token) || isGiven(config.token_file);
    const headers = isClosed
      ? { Authorization: `Bearer ${await secret(config.token, config.token_file)}` }
      : {};
    const more = await details();
    const message = ntfyMessage(config, texts, more);
    return orWithoutChart(more, async (chart) => {
      if (chart === undefined) return sent(await ask({ url: config.url, headers, json: message }));
      const url = `${config.url.replace(/\/+$/, "")}/${encodeURIComponent(message.topic)}`;
      const body = Buffer.from(chart.png);
      const own = { ...headers, ...ntfyHeaders(message) };
      return sent(await ask({ method: "PUT", url, headers: own, body }));
    });
  },
});
