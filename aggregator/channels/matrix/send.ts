import type { ChartPicture } from "../details.ts";
import { jsonOf } from "../http/answer.ts";
import { type Attempt, httpChannel, sent, withChart } from "../http_channel.ts";
import { memberText, refusedBy } from "../service_error.ts";
import { matrixImage, matrixMessage, transactionOf } from "./message.ts";
import { MatrixConfig } from "./schema.ts";

/** A repeated notification is a message of its own after so long. */
const repeatMs = 10 * 60_000;

/** Messages in a room of Matrix. */
export const matrix = httpChannel<MatrixConfig>({
  name: "matrix",
  title: "Matrix",
  schema: MatrixConfig,
  send: async (config, { notification, texts, parts, secret, ask, details }) => {
    const token = await secret(config.access_token, config.access_token_file);
    const more = await details();
    const json = matrixMessage(config, texts, more);
    const at = String(Math.floor(parts.now() / repeatMs));
    const transaction = transactionOf(notification, `${at}\0${JSON.stringify(json)}`);
    const room = encodeURIComponent(texts.text(config.room_id));
    const base = config.homeserver_url.replace(/\/$/, "");
    const url = `${base}/_matrix/client/v3/rooms/${room}/send/m.room.message/${transaction}`;
    const headers = { Authorization: `Bearer ${token}` };
    const message = sent(await ask({ method: "PUT", url, headers, json }));
    return withChart(message, more?.chart, async (chart) => {
      const content = await uploadedUrl(chart, base, headers, ask);
      const image = matrixImage(chart, content);
      await ask({ method: "PUT", url: `${url}-chart`, headers, json: image });
    });
  },
});

/** Stores a picture in the homeserver's media, and gives its mxc: address. */
async function uploadedUrl(
  { png }: ChartPicture,
  base: string,
  headers: Readonly<Record<string, string>>,
  ask: Attempt["ask"],
): Promise<string> {
  const uploaded = await ask({
    url: `${base}/_matrix/media/v3/upload?filename=chart.png`,
    headers: { ...headers, "Content-Type": "image/png" },
    body: Buffer.from(png),
  });
  const url = memberText(jsonOf(uploaded), "content_uri");
  if (!url.startsWith("mxc://")) throw refusedBy("Matrix", "expected a content_uri");
  return url;
}
