import { readStructuredData } from "./structured_data.ts";
import { type ZoneOffsets, localToUtcMs } from "./zone_offsets.ts";

/** A syslog message taken apart; what it does not say is undefined. */
export type SyslogMessage = {
  /** RFC 5424, the older form of RFC 3164, or neither: then the body is the whole line. */
  readonly form: "rfc5424" | "rfc3164" | "unknown";
  readonly facility: number;
  /** 0 (emergency) to 7 (debug). */
  readonly severity: number;
  /** Unix nanoseconds; 0n where the message has no time that can be read. */
  readonly unixNanos: bigint;
  readonly host: string | undefined;
  readonly app: string | undefined;
  readonly processId: string | undefined;
  readonly messageId: string | undefined;
  /** [id, name, value] of each parameter. */
  readonly data: readonly (readonly [id: string, name: string, value: string])[];
  /** A view of the message's bytes. */
  readonly body: Buffer;
};

/** What the times of RFC 3164 leave open. */
export type TimeReading = { readonly nowMs: number; readonly zone: ZoneOffsets };

/** Without a PRI a message is user.notice (RFC 3164, 4.3.3). */
const defaultPriority = 13;
const priorityMax = 191;
/** Headers are read as text up to here; RFC 5424's longest without structured data has 480 bytes. */
const headerBytesMax = 2_048;

/** Takes a message apart by RFC 5424, RFC 3164 or what devices make of it. Never refuses: the body is the whole line then. */
export function readSyslog(line: Buffer, reading: TimeReading): SyslogMessage {
  const head = line.toString("latin1", 0, Math.min(line.length, headerBytesMax));
  const priority = /^<(\d{1,3})>/.exec(head);
  const number = Number(priority?.[1] ?? defaultPriority);
  if (number > priorityMax) return unknownForm(line, defaultPriority);
  const at = priority?.[0].length ?? 0;
  if (priority === null) return unknownForm(line, number);
  return readNew(line, head, at, number) ?? readOld(line, head, { at, number }, reading);
}

function unknownForm(body: Buffer, number: number): SyslogMessage {
  return {
    form: "unknown",
    ...priorityParts(number),
    unixNanos: 0n,
    host: undefined,
    app: undefined,
    processId: undefined,
    messageId: undefined,
    data: [],
    body,
  };
}

function priorityParts(number: number) {
  return { facility: number >> 3, severity: number & 7 };
}

// VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID, then structured data.
const newHeader = /1 (\S{1,64}) (\S{1,255}) (\S{1,255}) (\S{1,128}) (\S{1,128}) /y;

/** RFC 5424, section 6; lengths are taken a little wider. */
function readNew(
  line: Buffer,
  head: string,
  at: number,
  number: number,
): SyslogMessage | undefined {
  newHeader.lastIndex = at;
  const parts = newHeader.exec(head);
  if (parts === null) return undefined;
  const [, time = "", host = "", app = "", processId = "", messageId = ""] = parts;
  const unixNanos = time === "-" ? 0n : isoNanos(time);
  const data = readStructuredData(line, newHeader.lastIndex);
  if (unixNanos === undefined || data === undefined) return undefined;
  return {
    form: "rfc5424",
    ...priorityParts(number),
    unixNanos,
    host: unlessNil(host),
    app: unlessNil(app),
    processId: unlessNil(processId),
    messageId: unlessNil(messageId),
    data: data.parameters,
    body: withoutMark(line.subarray(data.end)),
  };
}

function unlessNil(text: string): string | undefined {
  return text === "-" ? undefined : utf8(text);
}

/** Bytes that were read as Latin-1, as UTF-8; nearly all names are ASCII, which is the same in both. */
function utf8(latin1: string): string {
  return /[\u0080-\u00ff]/.test(latin1) ? Buffer.from(latin1, "latin1").toString() : latin1;
}

/** Without the byte order mark that says that a message is UTF-8. */
function withoutMark(body: Buffer): Buffer {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
}

const isoTime = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/;

/** RFC 3339 with up to nine digits of a second; undefined for anything else. */
function isoNanos(text: string): bigint | undefined {
  const parts = isoTime.exec(text);
  if (parts === null) return undefined;
  const [, day = "", clock = "", fraction = "", zone = ""] = parts;
  const secondMs = Date.parse(`${day}T${clock}${zone.toUpperCase()}`);
  return Number.isNaN(secondMs) ? undefined : nanosOf(secondMs, fraction);
}

function nanosOf(secondMs: number, fraction: string): bigint {
  return BigInt(secondMs) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
// "Oct 11 22:14:15", and of Cisco: a sequence number before, a mark, a year, a fraction, a zone, a colon.
const oldTime =
  /(?:\d{1,10}: )?[*.]?([A-Za-z]{3}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?: (UTC|GMT|Z))?:? /y;
const isoToken = /(\d{4}-\d\d-\d\d[Tt]\S{8,32}) /y;
// A name without ":" at its end and without "[", which is where the tag's process id begins.
const hostToken = /([^\s[\]]{0,254}[^\s[\]:]) /y;
const tag = /([^\s:[\]<>]{1,128})(?:\[([^\]\s]{0,128})\])?(?:: ?|$)/y;

/** RFC 3164, and what devices and relays send in its name. Without its time the body is the whole line behind the PRI. */
function readOld(
  line: Buffer,
  head: string,
  { at, number }: { readonly at: number; readonly number: number },
  reading: TimeReading,
): SyslogMessage {
  const time = readOldTime(head, at, reading);
  if (time === undefined) return { ...unknownForm(line, number), body: line };
  let next = time.end;
  const host = matched(hostToken, head, next);
  if (host !== null) next = hostToken.lastIndex;
  const named = matched(tag, head, next);
  if (named !== null) next = tag.lastIndex;
  return {
    form: "rfc3164",
    ...priorityParts(number),
    unixNanos: time.unixNanos,
    host: decoded(host?.[1]),
    app: decoded(named?.[1]),
    processId: decoded(named?.[2]),
    messageId: undefined,
    data: [],
    body: line.subarray(next),
  };
}

function matched(pattern: RegExp, head: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(head);
}

function decoded(latin1: string | undefined): string | undefined {
  return latin1 === undefined || latin1 === "" ? undefined : utf8(latin1);
}

function readOldTime(
  head: string,
  at: number,
  reading: TimeReading,
): { unixNanos: bigint; end: number } | undefined {
  const iso = matched(isoToken, head, at);
  if (iso !== null) {
    const end = isoToken.lastIndex;
    const unixNanos = isoNanos(iso[1] ?? "");
    return unixNanos === undefined ? undefined : { unixNanos, end };
  }
  const parts = matched(oldTime, head, at);
  if (parts === null) return undefined;
  const end = oldTime.lastIndex;
  const [, name = "", day = "", year, hour, minute, second, fraction = "", zone] = parts;
  const month = months.indexOf(name.toLowerCase());
  const dayNumber = Number(day);
  if (month < 0 || dayNumber < 1 || dayNumber > 31) return undefined;
  const clockMs = (Number(hour) * 3_600 + Number(minute) * 60 + Number(second)) * 1_000;
  const inYear = (of: number): number => {
    const localMs = Date.UTC(of, month, dayNumber) + clockMs;
    return zone === undefined ? localToUtcMs(localMs, reading.zone) : localMs;
  };
  const unixMs = year === undefined ? nearestYear(inYear, reading.nowMs) : inYear(Number(year));
  return { unixNanos: nanosOf(unixMs, fraction), end };
}

const dayMs = 86_400_000;

/** A time without a year is of this one, or, were that more than a day ahead, of the last; a day ahead of a year's end, of the next. */
function nearestYear(inYear: (year: number) => number, nowMs: number): number {
  const year = new Date(nowMs).getUTCFullYear();
  const next = inYear(year + 1);
  if (next <= nowMs + dayMs) return next;
  const own = inYear(year);
  return own > nowMs + dayMs ? inYear(year - 1) : own;
}
