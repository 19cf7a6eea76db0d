import type { Texts } from "../channel.ts";
import type { NotifiedStatus, Notification } from "../notification.ts";
import { inBytes } from "../truncated.ts";
import type { MsTeamsConfig } from "./schema.ts";

/** Teams refuses messages over about 28 KB. */
const textBytesMax = 24 * 1_024;
const colors: Readonly<Record<NotifiedStatus, string>> = { firing: "8C1A1A", resolved: "2DC72D" };

/** A message card (learn.microsoft.com, actionable messages). */
export function messageCard(config: MsTeamsConfig, { status }: Notification, texts: Texts) {
  return {
    "@context": "http://schema.org/extensions",
    type: "MessageCard",
    title: texts.text(config.title),
    summary: texts.text(config.summary),
    text: inBytes(texts.text(config.text), textBytesMax),
    themeColor: colors[status],
  };
}
