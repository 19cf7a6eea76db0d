import { OperatingError } from "#shared/errors.ts";
import { localToUnixMs } from "./zones.ts";

export type Instant = { readonly ms: number; readonly nanos: number };
/** The instant that a text begins with; `nowMs` fills in a year that is not written. undefined where there is none. */
export type TimeReader = (text: string, nowMs: number) => Instant | undefined;

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");

/** Names of formats that need no layout. */
const named: Readonly<Record<string, (zone: string) => TimeReader>> = {
  rfc3339: (zone) => (text) => readRfc3339(text, zone),
  unix: () => unixReader(0),
  unix_ms: () => unixReader(3),
  unix_us: () => unixReader(6),
  unix_ns: () => unixReader(9),
  auto: (zone) => {
    const all = [
      "2006/01/02 15:04:05",
      "02/Jan/2006:15:04:05 -0700",
      "Jan _2 15:04:05",
      "Mon Jan _2 15:04:05 2006",
      "02 Jan 2006 15:04:05",
    ].map((layout) => layoutReader(layout, zone));
    return (text, nowMs) =>
      readRfc3339(text, zone) ?? readUnixAuto(text) ?? firstOf(all, text, nowMs);
  },
};

/**
 * A reader of times: rfc3339, unix, unix_ms, unix_us, unix_ns, auto, a strptime format (with "%") or a Go layout (with parts of Mon
 * Jan 2 15:04:05 MST 2006). `zone`, an IANA name or "UTC", is that of times that tell none. Throws OperatingError("bad_request").
 */
export function timeReader(format: string, zone: string): TimeReader {
  const known = Object.hasOwn(named, format) ? named[format] : undefined;
  return known === undefined ? layoutReader(format, zone) : known(zone);
}

function firstOf(readers: readonly TimeReader[], text: string, nowMs: number) {
  for (const read of readers) {
    const found = read(text, nowMs);
    if (found !== undefined) return found;
  }
  return undefined;
}

// RFC 3339, and what is written for it: a space or nothing for T, a comma before the fraction, no zone.
const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9})\d*)?(?: ?(Z|z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d(?!\d)))?/;

function readRfc3339(text: string, zone: string): Instant | undefined {
  const parts = rfc3339.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", offset] = parts;
  return instantOf(
    {
      year: Number(year),
      month: Number(month),
      day: Number(day),
      hour: Number(hour),
      minute: Number(minute),
      second: Number(second),
      nanos: nanosOf(fraction),
      ...(offset === undefined ? {} : { offsetMs: offsetOf(offset) }),
    },
    zone,
  );
}

function unixReader(digits: 0 | 3 | 6 | 9): TimeReader {
  return (text) => {
    const parts = /^(\d{1,20})(?:\.(\d{1,9})\d*)?(?![\d.])/.exec(text);
    if (parts === null) return undefined;
    const [, whole = "", fraction = ""] = parts;
    const ns =
      BigInt(whole) * 10n ** BigInt(9 - digits) + BigInt(nanosOf(fraction)) / 10n ** BigInt(digits);
    return ofNanos(ns);
  };
}

/** By the count of digits: seconds up to 11, milliseconds up to 14, microseconds up to 17, else nanoseconds. */
function readUnixAuto(text: string): Instant | undefined {
  const digits = /^\d+/.exec(text)?.[0].length ?? 0;
  if (digits < 9 || digits > 19) return undefined;
  return unixReader(digits <= 11 ? 0 : digits <= 14 ? 3 : digits <= 17 ? 6 : 9)(text, 0);
}

function ofNanos(ns: bigint): Instant | undefined {
  const ms = Number(ns / 1_000_000n);
  return ms > 0 && ms < 1e14 ? { ms, nanos: Number(ns % 1_000_000n) } : undefined;
}

type Parts = {
  year?: number;
  month?: number;
  day?: number;
  hour?: number;
  minute?: number;
  second?: number;
  /** Within the second. */
  nanos?: number;
  pm?: boolean;
  offsetMs?: number | undefined;
  unixSeconds?: number;
  yearDay?: number;
};
type Piece = { readonly pattern: string; readonly put?: (parts: Parts, text: string) => void };

const two = String.raw`\d\d`;
const oneOrTwo = String.raw`[ 0]?\d{1,2}`;
const letters = "[A-Za-z]{3,9}";
const number = (pattern: string, key: "year" | "month" | "day" | "hour" | "minute" | "second") =>
  ({ pattern, put: (parts, text) => void (parts[key] = Number(text)) }) satisfies Piece;
const monthName: Piece = {
  pattern: letters,
  put: (parts, text) => void (parts.month = months.indexOf(text.slice(0, 3).toLowerCase()) + 1),
};
const shortYear: Piece = {
  pattern: two,
  put: (parts, text) => void (parts.year = Number(text) + (Number(text) < 69 ? 2_000 : 1_900)),
};
const fraction: Piece = {
  pattern: String.raw`\d{1,9}`,
  put: (parts, text) => void (parts.nanos = nanosOf(text)),
};
const pm: Piece = {
  pattern: "[AaPp][Mm]",
  put: (parts, text) => void (parts.pm = text.toLowerCase() === "pm"),
};
const offset: Piece = {
  pattern: String.raw`(?:Z|[+-]\d\d:?\d\d|[+-]\d\d)`,
  put: (parts, text) => void (parts.offsetMs = offsetOf(text)),
};
const zoneName: Piece = {
  pattern: "[A-Z]{1,5}",
  put: (parts, text) => {
    if (text === "UTC" || text === "GMT" || text === "Z") parts.offsetMs = 0;
  },
};
const nothing = (pattern: string): Piece => ({ pattern });

/** strptime's letters (POSIX, and %f, %z, %s, %L as in Python, Ruby and Fluent Bit). */
const conversions: Readonly<Record<string, readonly Piece[]>> = {
  Y: [number(String.raw`\d{4}`, "year")],
  y: [shortYear],
  m: [number(oneOrTwo, "month")],
  d: [number(oneOrTwo, "day")],
  e: [number(oneOrTwo, "day")],
  H: [number(oneOrTwo, "hour")],
  k: [number(oneOrTwo, "hour")],
  I: [number(oneOrTwo, "hour")],
  M: [number(oneOrTwo, "minute")],
  S: [number(oneOrTwo, "second")],
  f: [fraction],
  L: [fraction],
  N: [fraction],
  p: [pm],
  b: [monthName],
  B: [monthName],
  h: [monthName],
  a: [nothing(letters)],
  A: [nothing(letters)],
  j: [{ pattern: String.raw`\d{1,3}`, put: (parts, text) => void (parts.yearDay = Number(text)) }],
  z: [offset],
  Z: [zoneName],
  s: [
    {
      pattern: String.raw`\d{1,12}`,
      put: (parts, text) => void (parts.unixSeconds = Number(text)),
    },
  ],
  n: [nothing(String.raw`\s`)],
  t: [nothing(String.raw`\s`)],
  "%": [nothing("%")],
};
const shorthands: Readonly<Record<string, string>> = {
  F: "%Y-%m-%d",
  T: "%H:%M:%S",
  D: "%m/%d/%y",
  R: "%H:%M",
  c: "%a %b %e %H:%M:%S %Y",
};

/** Go's reference time in parts, the longer first (package time, layout constants). */
const goParts: readonly (readonly [string, Piece])[] = [
  ["2006", number(String.raw`\d{4}`, "year")],
  ["January", monthName],
  ["Jan", monthName],
  ["Monday", nothing(letters)],
  ["Mon", nothing(letters)],
  ["MST", zoneName],
  ["Z07:00", offset],
  ["Z0700", offset],
  ["-07:00", offset],
  ["-0700", offset],
  ["-07", offset],
  [
    "002",
    { pattern: String.raw`\d{3}`, put: (parts, text) => void (parts.yearDay = Number(text)) },
  ],
  ["01", number(two, "month")],
  ["02", number(two, "day")],
  ["_2", number(oneOrTwo, "day")],
  ["03", number(two, "hour")],
  ["04", number(two, "minute")],
  ["05", number(two, "second")],
  ["06", shortYear],
  ["15", number(two, "hour")],
  ["PM", pm],
  ["pm", pm],
  ["1", number(String.raw`\d{1,2}`, "month")],
  ["2", number(String.raw`\d{1,2}`, "day")],
  ["3", number(String.raw`\d{1,2}`, "hour")],
  ["4", number(String.raw`\d{1,2}`, "minute")],
  ["5", number(String.raw`\d{1,2}`, "second")],
];

function layoutReader(format: string, zone: string): TimeReader {
  const pieces = format.includes("%") ? strptimePieces(format) : goPieces(format);
  if (!pieces.some(({ put }) => put !== undefined))
    throw new OperatingError(
      "bad_request",
      `"${format}": expected ${Object.keys(named).join(", ")}, a strptime format or a Go layout`,
    );
  const puts = pieces.filter(({ put }) => put !== undefined);
  // One pattern of ours a format: every piece is bounded, so it can't run away.
  const pattern = new RegExp(
    `^\\s{0,3}${pieces.map((p) => (p.put === undefined ? p.pattern : `(${p.pattern})`)).join("")}`,
  );
  return (text, nowMs) => {
    const found = pattern.exec(text);
    if (found === null) return undefined;
    const parts: Parts = {};
    puts.forEach(({ put }, i) => put?.(parts, found[i + 1] ?? ""));
    return instantOf(withYear(parts, nowMs), zone);
  };
}

function strptimePieces(format: string): Piece[] {
  const whole = format.replaceAll(/%([FTDRc])/g, (_, letter: string) => shorthands[letter] ?? "");
  const pieces: Piece[] = [];
  for (let at = 0; at < whole.length; at++) {
    if (whole[at] !== "%") {
      pieces.push(literal(whole[at] ?? ""));
      continue;
    }
    at++;
    if (whole[at] === "-") at++;
    const letter = whole[at] ?? "";
    const known = Object.hasOwn(conversions, letter) ? conversions[letter] : undefined;
    if (known === undefined)
      throw new OperatingError(
        "bad_request",
        `"${format}": %${letter} is no conversion of strptime`,
      );
    pieces.push(...known);
  }
  return pieces;
}

function goPieces(layout: string): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < layout.length;) {
    const rest = layout.slice(at);
    const digits = /^([.,])([09]+)(?!\d)/.exec(rest);
    if (digits !== null) {
      pieces.push({
        pattern: String.raw`[.,]\d{1,9}`,
        put: (parts, text) => void (parts.nanos = nanosOf(text.slice(1))),
      });
      at += digits[0].length;
      continue;
    }
    const known = goParts.find(([text]) => rest.startsWith(text));
    pieces.push(known === undefined ? literal(rest[0] ?? "") : known[1]);
    // Go takes a fraction after the seconds although the layout has none.
    const isSeconds = known?.[0] === "05" || known?.[0] === "5";
    if (isSeconds && !/^[.,][09]/.test(rest.slice(known[0].length)))
      pieces.push({
        pattern: String.raw`(?:[.,]\d{1,9})?`,
        put: (parts, text) => void (parts.nanos = nanosOf(text.slice(1))),
      });
    at += known?.[0].length ?? 1;
  }
  return pieces;
}

function literal(character: string): Piece {
  if (character === " ") return nothing(" {1,3}");
  return nothing(character.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`));
}

/** A time without a year is the latest that is not more than a day ahead, as syslog's readers take it. */
function withYear(parts: Parts, nowMs: number): Parts {
  if (parts.year !== undefined || parts.unixSeconds !== undefined) return parts;
  const now = new Date(nowMs);
  const dated =
    parts.month === undefined && parts.day === undefined && parts.yearDay === undefined
      ? { ...parts, month: now.getUTCMonth() + 1, day: now.getUTCDate() }
      : parts;
  const year = now.getUTCFullYear();
  const ms = Date.UTC(year, (dated.month ?? 1) - 1, dated.day ?? 1, dated.hour ?? 0);
  return { ...dated, year: ms > nowMs + 86_400_000 ? year - 1 : year };
}

function instantOf(parts: Parts, zone: string): Instant | undefined {
  const { nanos = 0, unixSeconds } = parts;
  const inMs = { nanos: nanos % 1_000_000 };
  if (unixSeconds !== undefined)
    return { ms: unixSeconds * 1_000 + Math.floor(nanos / 1_000_000), ...inMs };
  const { year = 1_970, yearDay, minute = 0, second = 0, pm: isPm } = parts;
  const month = yearDay === undefined ? (parts.month ?? 1) : 1;
  const day = yearDay ?? parts.day ?? 1;
  const written = parts.hour ?? 0;
  const hour = isPm === undefined ? written : (written % 12) + (isPm ? 12 : 0);
  const isTime = hour < 24 && minute < 60 && second <= 60;
  const isDate = month >= 1 && month <= 12 && day >= 1 && (yearDay !== undefined || day <= 31);
  if (!isTime || !isDate) return undefined;
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  const ms = parts.offsetMs === undefined ? localToUnixMs(local, zone) : local - parts.offsetMs;
  return ms > 0 ? { ms: ms + Math.floor(nanos / 1_000_000), ...inMs } : undefined;
}

function nanosOf(digits: string): number {
  return digits === "" ? 0 : Number(digits.padEnd(9, "0"));
}

/** "+02:00", "+0200", "+02", "Z" in ms. */
function offsetOf(text: string): number {
  const parts = /^([+-])(\d\d):?(\d\d)?$/.exec(text);
  if (parts === null) return 0;
  const ms = (Number(parts[2]) * 60 + Number(parts[3] ?? 0)) * 60_000;
  return parts[1] === "-" ? -ms : ms;
}
