import type { Texts } from "../channel.ts";
import type { GotifyConfig } from "./schema.ts";

/** The body of a message (gotify.net/api-docs). */
export function gotifyMessage(config: GotifyConfig, { text }: Texts) {
  const priority = Number(text(config.priority));
  return {
    title: text(config.title),
    message: text(config.message) || "(no details)",
    priority: Number.isInteger(priority) ? Math.min(10, Math.max(0, priority)) : 5,
    extras: { "client::display": { contentType: "text/markdown" } },
  };
}
