import { httpChannel, sent } from "../http_channel.ts";
import { signalMessage } from "./message.ts";
import { SignalConfig } from "./schema.ts";

/** Messages of Signal. */
export const signal = httpChannel<SignalConfig>({
  name: "signal",
  title: "Signal",
  schema: SignalConfig,
  send: async (config, { texts, ask }) =>
    sent(
      await ask({
        url: `${config.url.replace(/\/$/, "")}/v2/send`,
        json: signalMessage(config, texts),
      }),
    ),
});
