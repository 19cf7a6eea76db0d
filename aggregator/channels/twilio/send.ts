import { formHeaders } from "../http/form.ts";
import { type Sent, httpChannel, sent } from "../http/http_channel.ts";
import { twilioForm, twilioPath } from "./message.ts";
import { TwilioConfig } from "./schema.ts";

/** Text messages and calls. An attempt that fails at a number starts over with the first. */
export const twilio = httpChannel<TwilioConfig>({
  name: "twilio",
  title: "Twilio (SMS and voice)",
  schema: TwilioConfig,
  send: async (config, { texts, secret, secrets, ask }) => {
    const token = await secret(config.auth_token, config.auth_token_file);
    const basic = Buffer.from(`${config.account_sid}:${token}`).toString("base64");
    secrets.add(basic);
    const url = `${config.api_url.replace(/\/$/, "")}/${twilioPath(config)}`;
    const headers = { ...formHeaders, Authorization: `Basic ${basic}` };
    let last: Sent = { answer: "" };
    for (const to of config.to)
      last = sent(await ask({ url, headers, body: twilioForm(config, texts, to).toString() }));
    return last;
  },
});
