import type { Texts } from "../channel.ts";
import { type MessageDetails, chartFileName, factLines } from "../details.ts";
import { withoutEmpty } from "../without_empty.ts";
import type { PushbulletConfig } from "./schema.ts";

/** The body of a push (docs.pushbullet.com). */
export function pushbulletMessage(
  config: PushbulletConfig,
  texts: Texts,
  details?: MessageDetails,
) {
  const url = texts.text(config.url);
  return {
    type: url === "" ? "note" : "link",
    ...withoutEmpty({
      title: texts.text(config.title),
      body: bodyOf(config, texts, details),
      url,
      ...addressOf(config, texts),
    }),
  };
}

/** The body of a push with an uploaded file, which has neither title nor address. */
export function pushbulletFile(
  config: PushbulletConfig,
  texts: Texts,
  details: MessageDetails,
  fileUrl: string,
) {
  const lines = [texts.text(config.title), bodyOf(config, texts, details), texts.text(config.url)];
  return {
    type: "file",
    file_name: chartFileName,
    file_type: "image/png",
    file_url: fileUrl,
    body: lines.filter(Boolean).join("\n"),
    ...withoutEmpty(addressOf(config, texts)),
  };
}

function bodyOf({ message }: PushbulletConfig, { text }: Texts, details?: MessageDetails): string {
  const facts = details === undefined ? "" : factLines(details);
  return [facts, text(message)].filter(Boolean).join("\n\n");
}

function addressOf(config: PushbulletConfig, { text }: Texts) {
  return {
    device_iden: text(config.device_iden),
    email: text(config.email),
    channel_tag: text(config.channel_tag),
  };
}
