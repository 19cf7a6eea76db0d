import { httpChannel, orWithoutChart, sent } from "../http_channel.ts";
import { signalMessage } from "./message.ts";
import { SignalConfig } from "./schema.ts";

/** Messages of Signal. */
export const signal = httpChannel<SignalConfig>({
  name: "signal",
  title: "Signal",
  schema: SignalConfig,
  send: async (config, { texts, ask, details }) => {
    const more = await details();
    return orWithoutChart(more, async (chart) => {
      const json = signalMessage(config, texts, more && { ...more, chart });
      return sent(await ask({ url: `${config.url.replace(/\/$/, "")}/v2/send`, json }));
    });
  },
});
