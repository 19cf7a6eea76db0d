import { type ChartPicture, chartFileName } from "../details.ts";
import { type Answer, jsonOf } from "../http/answer.ts";
import { formHeaders } from "../http/form.ts";
import { hasSameProtocol } from "../http/same_protocol.ts";
import type { Attempt } from "../http_channel.ts";
import { memberOf, memberText, refusedBy } from "../service_error.ts";

type Place = { readonly channelId: string; readonly threadTs: string };

/**
 * Posts a chart below a message: files.getUploadURLExternal, the bytes, files.completeUploadExternal (docs.slack.dev, "Working with files"). The
 * bot needs the right files:write. Throws SendFailure.
 */
export async function uploadChart(
  { png, alt }: ChartPicture,
  { channelId, threadTs }: Place,
  api: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
  { ask, secrets }: Pick<Attempt, "ask" | "secrets">,
): Promise<void> {
  const method = (name: string) => api.url.replace(/chat\.postMessage$/, name);
  const wanted = { filename: chartFileName, length: String(png.length), alt_txt: alt };
  const place = await ask({
    url: method("files.getUploadURLExternal"),
    headers: { ...api.headers, ...formHeaders },
    body: new URLSearchParams(wanted).toString(),
  });
  requireOk(place);
  const [uploadUrl, id] = ["upload_url", "file_id"].map((name) => memberText(jsonOf(place), name));
  if (uploadUrl === undefined || !hasSameProtocol(uploadUrl, api.url))
    throw refusedBy("Slack", "expected an upload_url");
  secrets.add(uploadUrl);
  const headers = { "Content-Type": "image/png" };
  await ask({ url: uploadUrl, headers, body: Buffer.from(png) });
  const completed = await ask({
    url: method("files.completeUploadExternal"),
    headers: api.headers,
    json: { files: [{ id, title: alt }], channel_id: channelId, thread_ts: threadTs },
  });
  requireOk(completed);
}

function requireOk(answer: Answer): void {
  const body = jsonOf(answer);
  if (memberOf(body, "ok") === true) return;
  throw refusedBy("Slack", memberText(body, "error"));
}
