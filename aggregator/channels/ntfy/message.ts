import type { Texts } from "../channel.ts";
import { type MessageDetails, chartFileName, factLines } from "../details.ts";
import { inBytes, inRunes } from "../truncated.ts";
import { withoutEmpty } from "../without_empty.ts";
import type { NtfyConfig } from "./schema.ts";

/** A longer message would become a file. */
const [messageBytesMax, titleRunesMax] = [4_096, 250];

/** Buttons of a message. */
const actionsMax = 3;

/** The body of a message (docs.ntfy.sh, publish as JSON). */
export function ntfyMessage(config: NtfyConfig, { text }: Texts, details?: MessageDetails) {
  const tags = text(config.tags)
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);
  const priority = Number(text(config.priority));
  const facts = details === undefined ? "" : `${factLines(details)}\n\n`;
  return {
    topic: text(config.topic),
    message: inBytes(facts + text(config.message), messageBytesMax),
    ...withoutEmpty({
      title: inRunes(text(config.title), titleRunesMax),
      click: text(config.click),
      icon: text(config.icon),
      markdown: config.markdown,
    }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(Number.isInteger(priority) && priority >= 1 && priority <= 5 ? { priority } : {}),
    ...(details === undefined || details.links.length === 0
      ? {}
      : { actions: details.links.filter(isAction).slice(0, actionsMax).map(actionOf) }),
  };
}

/** A click on the message leads to the query already. */
function isAction({ title }: MessageDetails["links"][number]): boolean {
  return title !== "Query";
}

function actionOf({ title, url }: MessageDetails["links"][number]) {
  return { action: "view", label: title, url };
}

/** The same as headers of a request whose body is a picture (docs.ntfy.sh, "Attachments"). */
export function ntfyHeaders(message: ReturnType<typeof ntfyMessage>): Record<string, string> {
  const {
    message: text,
    title,
    click,
    icon,
    markdown,
    tags,
    priority,
    actions,
  } = {
    title: "",
    click: "",
    icon: "",
    markdown: false,
    tags: [],
    priority: undefined,
    actions: undefined,
    ...message,
  };
  const shown = {
    Message: encodedWord(text),
    Title: encodedWord(title),
    Click: click,
    Icon: icon,
    Markdown: markdown ? "yes" : "",
    Tags: encodedWord(tags.join(",")),
    Priority: priority === undefined ? "" : String(priority),
    Actions: actions === undefined ? "" : encodedWord(JSON.stringify(actions)),
    Filename: chartFileName,
  };
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== ""));
}

/** A header has no line breaks and other alphabets unless encoded (RFC 2047). */
function encodedWord(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`;
}
