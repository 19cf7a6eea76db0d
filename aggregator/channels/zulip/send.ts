import { type ChartPicture, addChart } from "../details.ts";
import { jsonOf } from "../http/answer.ts";
import { formHeaders } from "../http/form.ts";
import { type Attempt, httpChannel, orWithoutChart, sent } from "../http_channel.ts";
import { memberText, refusedBy } from "../service_error.ts";
import { zulipForm } from "./message.ts";
import { ZulipConfig } from "./schema.ts";

/** Messages in a stream of Zulip. */
export const zulip = httpChannel<ZulipConfig>({
  name: "zulip",
  title: "Zulip",
  schema: ZulipConfig,
  send: async (config, { texts, secret, secrets, ask, details }) => {
    const key = await secret(config.api_key, config.api_key_file);
    const basic = Buffer.from(`${config.bot_email}:${key}`).toString("base64");
    secrets.add(basic);
    const base = `${config.url.replace(/\/$/, "")}/api/v1`;
    const authorization = { Authorization: `Basic ${basic}` };
    const more = await details();
    return orWithoutChart(more, async (chart) => {
      const picture =
        chart === undefined
          ? ""
          : await uploadedPath(chart, `${base}/user_uploads`, authorization, ask);
      const body = zulipForm(config, texts, more, picture).toString();
      const headers = { ...formHeaders, ...authorization };
      return sent(await ask({ url: `${base}/messages`, headers, body }));
    });
  },
});

/** Uploads a picture (zulip.com/api/upload-file), and gives its path; older servers call it uri. */
async function uploadedPath(
  chart: ChartPicture,
  url: string,
  headers: Readonly<Record<string, string>>,
  ask: Attempt["ask"],
): Promise<string> {
  const body = addChart(new FormData(), "filename", chart);
  const answer = jsonOf(await ask({ url, headers, body }));
  const path = memberText(answer, "url") || memberText(answer, "uri");
  if (!path.startsWith("/user_uploads/"))
    throw refusedBy("Zulip", "expected the path of an upload");
  return path;
}
