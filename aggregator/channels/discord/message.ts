import type { Texts } from "../channel.ts";
import type { NotifiedStatus, Notification } from "../notification.ts";
import { inRunes } from "../truncated.ts";
import type { DiscordConfig } from "./schema.ts";

/** Discord's limits of an embed and of a message, in characters. */
const [titleRunesMax, descriptionRunesMax, contentRunesMax] = [256, 4_096, 2_000];
const colors: Readonly<Record<NotifiedStatus, number>> = { firing: 0x992d22, resolved: 0x2ecc71 };

/** The body of an execution of a webhook (Discord's API, resources/webhook). */
export function discordMessage(config: DiscordConfig, { status }: Notification, texts: Texts) {
  const { username, avatar_url } = config;
  return {
    content: inRunes(texts.text(config.content), contentRunesMax),
    embeds: [
      {
        title: inRunes(texts.text(config.title), titleRunesMax),
        description: inRunes(texts.text(config.message), descriptionRunesMax),
        color: colors[status],
      },
    ],
    ...(username === "" ? {} : { username }),
    ...(URL.canParse(avatar_url) ? { avatar_url } : {}),
  };
}
