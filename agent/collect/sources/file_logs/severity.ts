import { severity } from "#shared/model/logs.ts";

/** Only this much of a line is looked at: levels stand at the front. JSON puts keys anywhere, so it gets more. */
const scannedMax = 128;
const scannedJsonMax = 512;
/** The byte that begins colours and other orders to a terminal. */
const escape = 27;

type Word = { readonly bytes: Uint8Array; readonly severity: number };
const words = wordsByFirstLetter();
const keys = ["level", "lvl", "severity", "loglevel", "log_level", "severity_text"].map((key) =>
  Buffer.from(key),
);

/** 1 for letters and digits, which belong to a word. */
const inWord = new Uint8Array(256);
/** Lower case of letters, 0 for all else. */
const lower = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const isLower = byte >= 97 && byte <= 122;
  const isUpper = byte >= 65 && byte <= 90;
  if (isLower || isUpper) lower[byte] = byte | 32;
  if (isLower || isUpper || byte === 95 || (byte >= 48 && byte <= 57)) inWord[byte] = 1;
}

/**
 * By the first two letters of a word (5 bits each): 1 where a level may begin so, 2 where a key may. Nearly every word of a line
 * is dismissed by this one look, which halves the cost of a line.
 */
const pairs = new Uint8Array(1 << 10);
for (const candidates of words)
  for (const { bytes } of candidates ?? []) pairs[pairOf(bytes[0] ?? 0, bytes[1] ?? 0)] = 1;
for (const bytes of keys) {
  const pair = pairOf(bytes[0] ?? 0, bytes[1] ?? 0);
  pairs[pair] = (pairs[pair] ?? 0) | 2;
}

/**
 * The severity that bytes [start, end) name, as an OpenTelemetry number, 0 where they name none. What counts: the value of a
 * key `level` (logfmt, JSON; pino's numbers too), klog's "E1121 ", a level word in capitals, or one in brackets or before a
 * colon. A plain lower-case "error" within a sentence does not. Builds no string and no view.
 */
export function severityOf(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return severity.unknown;
  const json = bytes[start] === 123;
  const stop = Math.min(end, start + (json ? scannedJsonMax : scannedMax));
  const klog = klogLevel(bytes, start, end);
  if (klog > 0) return klog;
  let isWord = 0;
  for (let at = start; at < stop; at++) {
    const byte = bytes[at] ?? 0;
    const wasWord = isWord;
    isWord = inWord[byte] ?? 0;
    if (isWord === 0) {
      if (byte === escape) return severityOf(plain, 0, withoutEscapes(bytes, start, end));
      continue;
    }
    if (wasWord === 1 || lower[byte] === 0 || at + 1 >= end) continue;
    const pair = pairs[pairOf(byte, bytes[at + 1] ?? 0)] ?? 0;
    if (pair === 0) continue;
    if ((pair & 2) !== 0) {
      const found = keyedLevel(bytes, at, end);
      if (found > 0) return found;
    }
    if (!json && (pair & 1) !== 0) {
      const found = levelWord(bytes, at, end, at === start ? 32 : (bytes[at - 1] ?? 0));
      if (found > 0) return found;
    }
  }
  return severity.unknown;
}

/** The front of a line without its colours; filled again for each such line. */
const plain = new Uint8Array(scannedJsonMax + 64);
/** Of a line with escape sequences, no more is looked at than this. */
const colouredMax = 2_048;

/** Copies the line to `plain` without escape sequences, and returns how many bytes that are: "ESC[32mINFO" is "INFO". */
function withoutEscapes(bytes: Uint8Array, start: number, end: number): number {
  const stop = Math.min(end, start + colouredMax);
  let length = 0;
  for (let at = start; at < stop && length < plain.length; at++) {
    if (bytes[at] === escape) at = escapeEnd(bytes, at, stop);
    else plain[length++] = bytes[at] ?? 0;
  }
  return length;
}

/** The last byte of the sequence that begins with the ESC at `at`: of "ESC[1;32m" its "m", of a link (OSC) its terminator. */
function escapeEnd(bytes: Uint8Array, at: number, stop: number): number {
  const kind = bytes[at + 1];
  let next = at + 2;
  if (kind === 91) while (next < stop && (bytes[next] ?? 64) < 64) next++;
  else if (kind === 93) {
    while (next < stop && bytes[next] !== 7 && bytes[next] !== escape) next++;
    if (bytes[next] === escape) next++;
  } else next--;
  return next;
}

/** Letters of either case fall together, and other bytes may fall among them: what it finds is looked at closely. */
function pairOf(first: number, second: number): number {
  return ((first & 31) << 5) | (second & 31);
}

/** `level=warn`, `"level":"warn"`, `level: 'warn'`, `"level":40`. */
function keyedLevel(bytes: Uint8Array, at: number, end: number): number {
  for (const key of keys) {
    if (!startsWith(bytes, at, end, key)) continue;
    let next = at + key.length;
    if (bytes[next] === 34) next++;
    if (bytes[next] === 32) next++;
    if (bytes[next] !== 58 && bytes[next] !== 61) continue;
    next++;
    while (next < end && (bytes[next] === 32 || bytes[next] === 34 || bytes[next] === 39)) next++;
    const first = bytes[next] ?? 0;
    if (first >= 48 && first <= 57) return numericLevel(bytes, next, end);
    return next < end ? wordAt(bytes, next, end) : 0;
  }
  return 0;
}

/** pino and bunyan: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
function numericLevel(bytes: Uint8Array, at: number, end: number): number {
  const tens = (bytes[at] ?? 0) - 48;
  if (at + 1 >= end || bytes[at + 1] !== 48 || isWordByte(bytes, at + 2, end)) return 0;
  if (tens < 1 || tens > 6) return 0;
  return 1 + (tens - 1) * 4;
}

function levelWord(bytes: Uint8Array, at: number, end: number, previous: number): number {
  const byte = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  const found = wordAt(bytes, at, end);
  if (found === 0) return 0;
  if (byte >= 65 && byte <= 90 && second >= 65 && second <= 90) return found;
  let next = at;
  while (next < end && isWordByte(bytes, next, end)) next++;
  const after = next < end ? (bytes[next] ?? 0) : 0;
  const bracketed =
    (previous === 91 && after === 93) ||
    (previous === 60 && after === 62) ||
    (previous === 40 && after === 41) ||
    (previous === 124 && after === 124);
  return bracketed || after === 58 ? found : 0;
}

/** Kubernetes' klog: a letter, then month and day, at the very front. */
function klogLevel(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 6 || bytes[at + 5] !== 32) return 0;
  for (let i = 1; i <= 4; i++) {
    const digit = bytes[at + i] ?? 0;
    if (digit < 48 || digit > 57) return 0;
  }
  if (bytes[at] === 73) return severity.info;
  if (bytes[at] === 87) return severity.warn;
  if (bytes[at] === 69) return severity.error;
  return bytes[at] === 70 ? severity.fatal : 0;
}

/** The severity of the whole word that begins at `at`, in any case; 0 where it is no level. */
function wordAt(bytes: Uint8Array, at: number, end: number): number {
  const candidates = words[lower[bytes[at] ?? 0] ?? 0];
  if (candidates === undefined) return 0;
  for (const word of candidates)
    if (startsWith(bytes, at, end, word.bytes) && !isWordByte(bytes, at + word.bytes.length, end))
      return word.severity;
  return 0;
}

function startsWith(bytes: Uint8Array, at: number, end: number, word: Uint8Array): boolean {
  if (end - at < word.length) return false;
  for (let i = 0; i < word.length; i++) {
    const byte = bytes[at + i] ?? 0;
    if ((byte === 95 ? byte : lower[byte]) !== word[i]) return false;
  }
  return true;
}

function isWordByte(bytes: Uint8Array, at: number, end: number): boolean {
  return at < end && inWord[bytes[at] ?? 0] === 1;
}

function wordsByFirstLetter(): readonly (readonly Word[] | undefined)[] {
  const levels: readonly (readonly [number, string])[] = [
    [severity.trace, "trace verbose finest"],
    [severity.debug, "debug dbg fine finer"],
    [severity.info, "info information informational notice log"],
    [severity.warn, "warn warning wrn"],
    [severity.error, "error err eror severe"],
    [severity.fatal, "fatal critical crit panic emerg emergency alert"],
  ];
  const byLetter: Word[][] = [];
  for (const [level, names] of levels)
    for (const name of names.split(" ")) {
      const bytes = Buffer.from(name);
      (byLetter[bytes[0] ?? 0] ??= []).push({ bytes, severity: level });
    }
  return byLetter;
}
