import { ownOrGlobal } from "../global_secret.ts";
import type { ChartPicture } from "../details.ts";
import { requireSuccess } from "../http/answer.ts";
import { type Attempt, type Sent, httpChannel, sent, withChart } from "../http_channel.ts";
import { opsgenieAttachment, opsgenieRequests } from "./message.ts";
import { OpsgenieConfig } from "./schema.ts";

/** Opsgenie makes an alert some time after it has taken it: until then it has none to attach a chart to. */
const pausesMs = [200, 800, 2_000];

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
  send: async (config, attempt) => {
    const { notification, texts, secret, secrets, ask, details } = attempt;
    const key = texts.text(await secret(config.api_key, config.api_key_file));
    secrets.add(key);
    const headers = { Authorization: `GenieKey ${key}` };
    const more = await details();
    let last: Sent = { answer: "" };
    for (const request of opsgenieRequests(config, notification, texts, more))
      last = sent(await ask({ ...request, headers }));
    // The alert keeps the charts of before.
    const isRepeated = notification.reason === "repeat interval elapsed";
    return withChart(last, isRepeated ? undefined : more?.chart, (chart) =>
      attach(config, chart, headers, attempt),
    );
  },
});

async function attach(
  config: OpsgenieConfig,
  chart: ChartPicture,
  headers: Readonly<Record<string, string>>,
  { notification, askAny, parts }: Attempt,
): Promise<void> {
  const request = { ...opsgenieAttachment(config, notification, chart), headers };
  let answer = await askAny(request);
  for (const pauseMs of pausesMs) {
    if (answer.status !== 404) break;
    await Bun.sleep(pauseMs);
    answer = await askAny(request);
  }
  requireSuccess(answer, parts.now());
}
