import type { Texts } from "../channel.ts";
import { inRunes } from "../truncated.ts";
import type { ZulipConfig } from "./schema.ts";

const [topicRunesMax, contentRunesMax] = [60, 10_000];

/** The form of a message (zulip.com/api/send-message). */
export function zulipForm(config: ZulipConfig, { text }: Texts): URLSearchParams {
  const topic = inRunes(text(config.topic).trim(), topicRunesMax);
  return new URLSearchParams({
    type: "stream",
    to: text(config.stream),
    topic: topic === "" ? "alerts" : topic,
    content: inRunes(text(config.message), contentRunesMax),
  });
}
