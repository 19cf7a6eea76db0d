import type { Texts } from "../channel.ts";
import { inBytes, inRunes } from "../truncated.ts";
import { withoutEmpty } from "../without_empty.ts";
import type { NtfyConfig } from "./schema.ts";

/** A longer message would become a file. */
const [messageBytesMax, titleRunesMax] = [4_096, 250];

/** The body of a message (docs.ntfy.sh, publish as JSON). */
export function ntfyMessage(config: NtfyConfig, { text }: Texts) {
  const tags = text(config.tags)
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);
  const priority = Number(text(config.priority));
  return {
    topic: text(config.topic),
    message: inBytes(text(config.message), messageBytesMax),
    ...withoutEmpty({
      title: inRunes(text(config.title), titleRunesMax),
      click: text(config.click),
      icon: text(config.icon),
      markdown: config.markdown,
    }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(Number.isInteger(priority) && priority >= 1 && priority <= 5 ? { priority } : {}),
  };
}
