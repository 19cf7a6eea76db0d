import type { Texts } from "../channel.ts";
import { type ChartPicture, type MessageDetails, addChart, markdownDetails } from "../details.ts";
import { inBytes } from "../truncated.ts";
import type { WebexConfig } from "./schema.ts";

const markdownBytesMax = 7_439;

/** The body of a message (developer.webex.com, create a message). */
export function webexMessage(config: WebexConfig, { text }: Texts, details?: MessageDetails) {
  const more = details === undefined ? "" : `${markdownDetails(details)}\n\n`;
  return {
    markdown: inBytes(more + text(config.message), markdownBytesMax),
    roomId: text(config.room_id),
  };
}

/** A message with its chart as a file (developer.webex.com, message attachments). */
export function webexForm(
  { markdown, roomId }: ReturnType<typeof webexMessage>,
  chart: ChartPicture,
): FormData {
  const form = new FormData();
  form.set("roomId", roomId);
  // A form ends lines by two characters.
  const linesBytes = markdown.split("\n").length - 1;
  form.set("markdown", inBytes(markdown, markdownBytesMax - linesBytes));
  return addChart(form, "files", chart);
}
