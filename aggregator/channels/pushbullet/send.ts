import { type ChartPicture, addChart, chartFileName } from "../details.ts";
import { jsonOf } from "../http/answer.ts";
import { type Attempt, httpChannel, orWithoutChart, sent } from "../http_channel.ts";
import { hasSameProtocol } from "../http/same_protocol.ts";
import { memberText, refusedBy } from "../service_error.ts";
import { pushbulletFile, pushbulletMessage } from "./message.ts";
import { PushbulletConfig } from "./schema.ts";

/** Pushes of Pushbullet. */
export const pushbullet = httpChannel<PushbulletConfig>({
  name: "pushbullet",
  title: "Pushbullet",
  schema: PushbulletConfig,
  send: async (config, attempt) => {
    const { texts, secret, ask, details } = attempt;
    const headers = {
      "Access-Token": await secret(config.access_token, config.access_token_file),
    };
    const { api_url: url } = config;
    const more = await details();
    return orWithoutChart(more, async (chart) => {
      if (more === undefined || chart === undefined)
        return sent(await ask({ url, headers, json: pushbulletMessage(config, texts, more) }));
      const fileUrl = await uploadedUrl(chart, url, headers, attempt);
      return sent(await ask({ url, headers, json: pushbulletFile(config, texts, more, fileUrl) }));
    });
  },
});

/** Uploads a picture (docs.pushbullet.com, upload-request), and gives its address. */
async function uploadedUrl(
  chart: ChartPicture,
  apiUrl: string,
  headers: Readonly<Record<string, string>>,
  { ask, secrets }: Pick<Attempt, "ask" | "secrets">,
): Promise<string> {
  const url = new URL("upload-request", apiUrl).href;
  const json = { file_name: chartFileName, file_type: "image/png" };
  const place = jsonOf(await ask({ url, headers, json }));
  const [uploadUrl, fileUrl] = [memberText(place, "upload_url"), memberText(place, "file_url")];
  if (!hasSameProtocol(uploadUrl, apiUrl) || fileUrl === "")
    throw refusedBy("Pushbullet", "expected an upload_url and a file_url");
  secrets.add(uploadUrl);
  // The address is permission enough, and may be another company's.
  await ask({ url: uploadUrl, body: addChart(new FormData(), "file", chart) });
  return fileUrl;
}
