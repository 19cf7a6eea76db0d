import type { Texts } from "../channel.ts";
import { type ChartPicture, type MessageDetails, factLines } from "../details.ts";
import { withDetails } from "./details_html.ts";
import { groupHash } from "../group_hash.ts";
import type { Notification } from "../notification.ts";
import type { EmailConfig } from "./schema.ts";

export type Email = {
  readonly from: string;
  readonly to: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly subject: string;
  readonly shownFrom: string;
  readonly shownTo: string;
  readonly text: string;
  readonly html: string;
  /** A picture that the HTML shows. */
  readonly chart: ChartPicture | undefined;
  /** The message that the group's messages answer; no such message exists, and mail programs thread by it. */
  readonly threadId: string | undefined;
};

/** Header names that are fields of their own. */
const ownNames = new Set(["subject", "from", "to"]);

/** What a notification says as an e-mail. */
export function emailOf(
  config: EmailConfig,
  notification: Notification,
  texts: Texts,
  nowMs: number,
  details?: MessageDetails,
): Email {
  const { text } = texts;
  const given = new Map(
    Object.entries(config.headers).map(([name, value]) => [name.toLowerCase(), text(value)]),
  );
  const [from, to] = [text(config.from), text(config.to)];
  const others = Object.entries(config.headers)
    .filter(([name]) => !ownNames.has(name.toLowerCase()))
    .map(([name, value]) => [name, oneLine(text(value))]);
  return {
    from,
    to,
    headers: { "Auto-Submitted": "auto-generated", ...Object.fromEntries(others) },
    subject: oneLine(given.get("subject") ?? text('{{ template "email.default.subject" . }}')),
    shownFrom: oneLine(given.get("from") ?? from),
    shownTo: oneLine(given.get("to") ?? to),
    text: config.text === "" ? "" : textWith(text(config.text), details),
    html: config.html === "" ? "" : withDetails(texts.html(config.html), details),
    chart: config.html === "" ? undefined : details?.chart,
    threadId: threadOf(config, notification, nowMs),
  };
}

function textWith(text: string, details: MessageDetails | undefined): string {
  if (details === undefined) return text;
  const links = details.links.map(({ title, url }) => `${title}: ${url}`).join("\n");
  return `${text.trimEnd()}\n\n${factLines(details)}\n${links}\n`;
}

/** A line break would begin another header. */
function oneLine(value: string): string {
  return value.replaceAll(/[\r\n]+/g, " ");
}

function threadOf(
  { threading }: EmailConfig,
  notification: Notification,
  nowMs: number,
): string | undefined {
  if (!threading.enabled) return undefined;
  const day =
    threading.thread_by_date === "daily" ? new Date(nowMs).toISOString().slice(0, 10) : "";
  return `<alert-${groupHash(notification).slice(0, 16)}-${day}@lapwing>`;
}
