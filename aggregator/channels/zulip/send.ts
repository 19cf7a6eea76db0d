import { formHeaders } from "../http/form.ts";
import { httpChannel, sent } from "../http_channel.ts";
import { zulipForm } from "./message.ts";
import { ZulipConfig } from "./schema.ts";

/** Messages in a stream of Zulip. */
export const zulip = httpChannel<ZulipConfig>({
  name: "zulip",
  title: "Zulip",
  schema: ZulipConfig,
  send: async (config, { texts, secret, secrets, ask }) => {
    const key = await secret(config.api_key, config.api_key_file);
    const basic = Buffer.from(`${config.bot_email}:${key}`).toString("base64");
    secrets.add(basic);
    const url = `${config.url.replace(/\/$/, "")}/api/v1/messages`;
    const headers = { ...formHeaders, Authorization: `Basic ${basic}` };
    return sent(await ask({ url, headers, body: zulipForm(config, texts).toString() }));
  },
});
