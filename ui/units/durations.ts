import { digitsOf, type UnitText } from "./scaled.ts";

const ladder: readonly (readonly [name: string, seconds: number])[] = [
  ["year", 31_556_952],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["min", 60],
  ["s", 1],
  ["ms", 1e-3],
  ["µs", 1e-6],
  ["ns", 1e-9],
];

/** A length of time in the largest unit that it fills: "1.5 min", "850 ms", "2 days". */
export function durationText(seconds: number, decimals?: number, zeroUnit = "s"): UnitText {
  if (seconds === 0) return { prefix: "", text: digitsOf(0, decimals), suffix: ` ${zeroUnit}` };
  const size = Math.abs(seconds);
  const [name, unitSeconds] = ladder.find(([, unit]) => size >= unit * 0.9995) ?? ["ns", 1e-9];
  const text = digitsOf(seconds / unitSeconds, decimals);
  const isWord = unitSeconds >= 3_600;
  return { prefix: "", text, suffix: ` ${name}${isWord && text !== "1" ? "s" : ""}` };
}

const parts: readonly (readonly [name: string, seconds: number])[] = [
  ["year", 31_536_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** Whole units, largest first: "1 day, 2 hours, 5 minutes". `decimals` is how many units after the first. */
export function longDuration(seconds: number, decimals = 1): string {
  if (Math.abs(seconds) < 1) {
    const { text, suffix } = durationText(seconds);
    return text + suffix;
  }
  const words: string[] = [];
  let rest = Math.floor(Math.abs(seconds));
  for (const [name, size] of parts) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) words.push(`${count} ${name}${count === 1 ? "" : "s"}`);
    else if (words.length > 0) break;
    if (words.length > decimals) break;
  }
  return (seconds < 0 ? "−" : "") + words.join(", ");
}

/** "26:03:05". */
export function hoursMinutesSeconds(seconds: number): string {
  const whole = Math.floor(Math.abs(seconds));
  const text = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  return seconds < 0 ? `−${text}` : text;
}

/** "1 d 02:03:05". */
export function daysHoursMinutesSeconds(seconds: number): string {
  const days = Math.floor(Math.abs(seconds) / 86_400);
  const clock = hoursMinutesSeconds(Math.abs(seconds) % 86_400);
  return `${seconds < 0 ? "−" : ""}${days > 0 ? `${days} d ` : ""}${clock}`;
}

const pad = (value: number): string => String(Math.floor(value)).padStart(2, "0");

/** "26h:03m:05s"; `decimals` is how many units after the hours. */
export function clockText(milliseconds: number, decimals = 2): string {
  const whole = Math.abs(milliseconds);
  const words = [
    `${pad(whole / 3_600_000)}h`,
    `${pad((whole / 60_000) % 60)}m`,
    `${pad((whole / 1_000) % 60)}s`,
    `${String(Math.floor(whole % 1_000)).padStart(3, "0")}ms`,
  ];
  return (milliseconds < 0 ? "−" : "") + words.slice(0, Math.min(4, decimals + 1)).join(":");
}
