import { SendFailure } from "../failure.ts";
import { httpChannel, sent } from "../http_channel.ts";
import { isGiven } from "../key_checks.ts";
import { eventV1, eventV2 } from "./message.ts";
import { PagerDutyConfig } from "./schema.ts";

const urlV1 = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";
const urlV2 = "https://events.pagerduty.com/v2/enqueue";

/** Incidents in PagerDuty: one for each group, which its resolved notification closes. */
export const pagerduty = httpChannel<PagerDutyConfig>({
  name: "pagerduty",
  title: "PagerDuty",
  schema: PagerDutyConfig,
  complete: (config, global) => ({
    config: { ...config, url: config.url ?? global.pagerduty_url },
    mistakes: [],
  }),
  send: async (config, { notification, texts, secret, secrets, ask, details }) => {
    const isV1 = isGiven(config.service_key) || isGiven(config.service_key_file);
    const written = isV1
      ? await secret(config.service_key, config.service_key_file)
      : await secret(config.routing_key, config.routing_key_file);
    const key = texts.text(written);
    secrets.add(key);
    if (key === "")
      throw new SendFailure("the key is empty: expected a routing key or service key", {
        reason: "clientError",
        isRetried: false,
      });
    const more = await details();
    if (isV1) {
      const json = eventV1(config, notification, texts, key, more);
      // Of Events API v1, 403 is a rate limit.
      return sent(await ask({ url: v1Url(config), json }, [403]));
    }
    const url = config.url ?? urlV2;
    return sent(await ask({ url, json: eventV2(config, notification, texts, key, more) }));
  },
});

/** Version 1 has one address; a server that one runs oneself has the same for both. */
function v1Url({ url = urlV2 }: PagerDutyConfig): string {
  return url === urlV2 ? urlV1 : url;
}
