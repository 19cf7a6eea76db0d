import type { Labels } from "#shared/model/labels.ts";

const levels = ["fatal", "error", "warn", "info", "debug", "trace"] as const;
type Level = (typeof levels)[number];

const names: Readonly<Record<string, Level>> = {
  emerg: "fatal",
  panic: "fatal",
  fatal: "fatal",
  alert: "fatal",
  crit: "fatal",
  critical: "fatal",
  err: "error",
  error: "error",
  severe: "error",
  warn: "warn",
  warning: "warn",
  notice: "info",
  info: "info",
  information: "info",
  debug: "debug",
  trace: "trace",
};
const labelNames = ["detected_level", "level", "severity"] as const;
/** Levels stand near the start of a line; further in, the words are part of a message. */
const searchedChars = 160;
const word =
  /\b(emerg|panic|fatal|alert|crit(?:ical)?|err(?:or)?|severe|warn(?:ing)?|notice|info(?:rmation)?|debug|trace)\b/i;

/** The level that a label names, or else the first level word near the line's start. */
export function levelOf(labels: Labels, text: string): Level | undefined {
  for (const name of labelNames) {
    const level = names[labels[name]?.toLowerCase() ?? ""];
    if (level !== undefined) return level;
  }
  const found = word.exec(text.slice(0, searchedChars))?.[1];
  return found === undefined ? undefined : names[found.toLowerCase()];
}
