import type { Texts } from "../channel.ts";
import { type ChartPicture, type MessageDetails, chartFileName, factLines } from "../details.ts";
import { inRunes } from "../truncated.ts";
import type { PushoverConfig } from "./schema.ts";

/** Limits of pushover.net/api, in characters. */
const [titleRunesMax, messageRunesMax, urlRunesMax, urlTitleRunesMax] = [250, 1_024, 512, 100];

/** The form of a message (pushover.net/api). */
export function pushoverForm(
  config: PushoverConfig,
  { text, html }: Texts,
  token: string,
  user: string,
  details?: MessageDetails,
): URLSearchParams {
  const facts = details === undefined ? "" : `${factLines(details)}\n\n`;
  const message = inRunes(
    config.html ? Bun.escapeHTML(facts) + html(config.message) : facts + text(config.message),
    messageRunesMax,
  ).trim();
  return new URLSearchParams({
    token,
    user,
    title: inRunes(text(config.title), titleRunesMax),
    // Pushover refuses an empty message.
    message: message === "" ? "(no details)" : message,
    url: inRunes(text(config.url), urlRunesMax),
    url_title: inRunes(text(config.url_title), urlTitleRunesMax),
    priority: text(config.priority),
    retry: seconds(config.retry),
    expire: seconds(config.expire),
    device: text(config.device),
    sound: text(config.sound),
    ...(config.ttl >= 1_000 ? { ttl: seconds(config.ttl) } : {}),
    ...(config.html ? { html: "1" } : {}),
    ...(config.monospace ? { monospace: "1" } : {}),
  });
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1_000));
}

/** The form with a chart (pushover.net/api#attachments). */
export function pushoverFormWithChart(fields: URLSearchParams, { png }: ChartPicture): FormData {
  const form = new FormData();
  for (const [name, value] of fields) form.set(name, value);
  form.set("attachment", new Blob([Buffer.from(png)], { type: "image/png" }), chartFileName);
  return form;
}
