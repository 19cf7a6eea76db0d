import type { Texts } from "../channel.ts";
import { withoutEmpty } from "../without_empty.ts";
import type { PushbulletConfig } from "./schema.ts";

/** The body of a push (docs.pushbullet.com). */
export function pushbulletMessage(config: PushbulletConfig, { text }: Texts) {
  const url = text(config.url);
  return {
    type: url === "" ? "note" : "link",
    ...withoutEmpty({
      title: text(config.title),
      body: text(config.message),
      url,
      device_iden: text(config.device_iden),
      email: text(config.email),
      channel_tag: text(config.channel_tag),
    }),
  };
}
