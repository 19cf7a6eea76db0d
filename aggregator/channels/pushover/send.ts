import { formHeaders } from "../http/form.ts";
import { httpChannel, orWithoutChart, sent } from "../http_channel.ts";
import { pushoverForm, pushoverFormWithChart } from "./message.ts";
import { PushoverConfig } from "./schema.ts";

/** Messages on phones, by Pushover. */
export const pushover = httpChannel<PushoverConfig>({
  name: "pushover",
  title: "Pushover",
  schema: PushoverConfig,
  send: async (config, { texts, secret, ask, details }) => {
    const token = texts.text(await secret(config.token, config.token_file));
    const user = texts.text(await secret(config.user_key, config.user_key_file));
    const more = await details();
    const fields = pushoverForm(config, texts, token, user, more);
    const url = config.api_url;
    return orWithoutChart(more, async (chart) => {
      if (chart !== undefined)
        return sent(await ask({ url, body: pushoverFormWithChart(fields, chart) }));
      return sent(await ask({ url, headers: formHeaders, body: fields.toString() }));
    });
  },
});
