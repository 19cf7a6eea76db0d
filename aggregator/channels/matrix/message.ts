import { createHash } from "node:crypto";
import type { Texts } from "../channel.ts";
import { type ChartPicture, type MessageDetails, chartFileName, factLines } from "../details.ts";
import type { Notification } from "../notification.ts";
import { inBytes } from "../truncated.ts";
import type { MatrixConfig } from "./schema.ts";

/** An event has at most 64 KiB; each of the two texts gets less than half. */
const textBytesMax = 24 * 1_024;

/** The content of an event m.room.message (spec.matrix.org). HTML that is too long is left out, as cutting would break it. */
export function matrixMessage(config: MatrixConfig, texts: Texts, details?: MessageDetails) {
  const more = details === undefined ? "" : `\n${factLines(details)}`;
  const body = `${texts.text(config.title)}${more}\n${texts.text(config.text)}`.trim();
  const html =
    config.html === ""
      ? ""
      : texts.html(config.html) + (details === undefined ? "" : htmlOf(details));
  const isHtml = html !== "" && Buffer.byteLength(html) <= textBytesMax;
  return {
    msgtype: config.message_type,
    body: inBytes(body, textBytesMax),
    ...(isHtml ? { format: "org.matrix.custom.html", formatted_body: html } : {}),
  };
}

function htmlOf({ facts, links }: MessageDetails): string {
  const rows = facts.map(({ name, value }) => `<b>${name}</b>: ${Bun.escapeHTML(value)}`);
  const shown = links.map(({ title, url }) => `<a href="${Bun.escapeHTML(url)}">${title}</a>`);
  return `<p>${[...rows, shown.join(" · ")].join("<br>")}</p>`;
}

/** The content of a picture that is in the homeserver's media (spec.matrix.org, m.image). */
export function matrixImage({ png, alt }: ChartPicture, url: string) {
  const info = { mimetype: "image/png", size: png.length };
  return { msgtype: "m.image", body: alt, filename: chartFileName, url, info };
}

/** The same for each attempt of a notification, so that a repeated one makes no second message. */
export function transactionOf({ groupKey, alerts, reason }: Notification, body: string): string {
  const newest = Math.max(
    ...alerts.map(({ startsAtMs, endsAtMs = 0 }) => Math.max(startsAtMs, endsAtMs)),
  );
  const parts = [groupKey, reason, String(newest), body];
  return createHash("sha256").update(parts.join("\0")).digest("hex");
}
