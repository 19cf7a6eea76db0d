import { parseDuration } from "#shared/text/duration.ts";
import { unquote } from "#shared/text/go_quoted.ts";
import { conversions, rangeOps, vectorOps } from "./ast.ts";
import { parseError, parseErrorAt } from "./errors.ts";
import { parseBytes, parseGoDuration } from "#shared/text/go_units.ts";

/**
 * Cuts a query into tokens as Loki's scanner does (pkg/logql/syntax/lex.go): names of functions are words unless a parenthesis or a
 * grouping follows them, so that `count` and `duration` may be labels; a number with a unit is a duration or a size.
 */
export type Token = {
  /** IDENTIFIER, STRING, NUMBER, DURATION, BYTES, RANGE, FUNCTION_FLAG, $end, FUNCTION; else the symbol or keyword itself. */
  readonly type: string;
  /** The text: of a string what it means, of a keyword or function in lower case. */
  readonly text: string;
  /** A number's value; nanoseconds of a duration or range, bytes of a size. */
  readonly value: number;
  readonly start: number;
};

const symbols = "|= |~ |> != !~ !> =~ == >= <= { } ( ) [ ] , . = | > < + - * / % ^".split(" ");
const keywords: ReadonlySet<string> = new Set(
  (
    "by without bool offset on ignoring group_left group_right or and unless json regexp logfmt unpack pattern " +
    "label_format line_format unwrap decolorize drop keep"
  ).split(" "),
);
const functions: ReadonlySet<string> = new Set([
  ...rangeOps,
  ...vectorOps,
  ...conversions,
  "vector",
  "label_replace",
  "variants",
  "ip",
]);
const space = /(?:\s+|#[^\n]*)+/y;
const word = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const number =
  /0[xX][0-9a-fA-F]*(?:\.[0-9a-fA-F]*)?(?:[pP][+-]?\d+)?|0[bBoO]\d+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const durationTail = /[\d.nu\u00b5mshdwy]+/y;
const bytesTail = /[\d.BikKMGTP]+/y;
const flag = /--(?:strict|keep-empty)(?![\p{L}-])/uy;
const string = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/y;
/** Of durations, in the order that they come in. */
const units = ["y", "w", "d", "h", "m", "s", "ms"];
const functionFollows = /\s*(?:\(|(?:by|without)\s*\()/iy;

/** Tokens up to the end. Throws LogqlError at the first fault. */
export function tokenize(query: string): Token[] {
  const tokens: Token[] = [];
  let at = skip(query, 0);
  while (at < query.length) {
    const { token, end } = scan(query, at);
    tokens.push(token);
    at = skip(query, end);
  }
  tokens.push({ type: "$end", text: "", value: 0, start: query.length });
  return tokens;
}

type Scanned = { readonly token: Token; readonly end: number };

function skip(query: string, at: number): number {
  return at + (match(space, query, at)?.length ?? 0);
}

function match(shape: RegExp, query: string, at: number): string | undefined {
  shape.lastIndex = at;
  return shape.exec(query)?.[0];
}

function scan(query: string, at: number): Scanned {
  const first = query[at] ?? "";
  if (`"'\``.includes(first)) return scanString(query, at);
  if (first === "[") return scanRange(query, at);
  const digits = match(number, query, at);
  if (digits !== undefined) return scanNumber(query, at, digits);
  if (first === "-") {
    const written = match(flag, query, at);
    if (written !== undefined) return made("FUNCTION_FLAG", written, at, written.length);
    const duration = scanDuration(query, at, "-");
    if (duration !== undefined) return duration;
  }
  const name = match(word, query, at);
  if (name !== undefined) return scanWord(query, at, name);
  const symbol = symbols.find((known) => query.startsWith(known, at));
  if (symbol !== undefined) return made(symbol, symbol, at, symbol.length);
  const character = String.fromCodePoint(query.codePointAt(at) ?? 0);
  // Loki's scanner takes any other character for a name, which its grammar then refuses.
  return made("IDENTIFIER", character, at, character.length);
}

function made(type: string, text: string, start: number, length: number, value = 0): Scanned {
  return { token: { type, text, value, start }, end: start + length };
}

function scanWord(query: string, at: number, name: string): Scanned {
  const lower = name.toLowerCase();
  const { length } = name;
  if (functions.has(lower)) {
    const isCall = match(functionFollows, query, at + length) !== undefined;
    return made(isCall ? "FUNCTION" : "IDENTIFIER", isCall ? lower : name, at, length);
  }
  return keywords.has(lower)
    ? made(lower, lower, at, length)
    : made("IDENTIFIER", name, at, length);
}

function scanString(query: string, at: number): Scanned {
  const quoted = match(string, query, at);
  if (quoted === undefined) throw parseErrorAt(query, at, "literal not terminated");
  const text = unquote(quoted);
  if (text === undefined) throw parseErrorAt(query, at, "invalid syntax");
  return made("STRING", text, at, quoted.length);
}

function scanRange(query: string, at: number): Scanned {
  const end = query.indexOf("]", at);
  if (end < 0) throw parseErrorAt(query, at, "missing closing ']' in duration");
  const text = query.slice(at + 1, end);
  const ms = parseDuration(text);
  if (ms === undefined) throw parseErrorAt(query, at, durationFault(text));
  if (ms * 1e6 >= 2 ** 63) throw parseErrorAt(query, at, "duration out of range");
  return made("RANGE", text, at, end + 1 - at, ms * 1e6);
}

/** What is wrong with a range, in the words of Prometheus's ParseDuration, which Loki's clients show. */
function durationFault(text: string): string {
  if (text === "") return "empty duration string";
  const fault = `not a valid duration string: ${JSON.stringify(text)}`;
  let last = -1;
  for (let rest = text; rest !== "";) {
    const [part = "", unit = ""] = /^[0-9]+([^0-9]+)/.exec(rest) ?? [];
    if (unit === "") return fault;
    const place = units.indexOf(unit);
    if (place < 0)
      return `unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`;
    if (place <= last) return fault;
    last = place;
    rest = rest.slice(part.length);
  }
  return fault;
}

function scanNumber(query: string, at: number, digits: string): Scanned {
  const duration = scanDuration(query, at, digits);
  if (duration !== undefined) return duration;
  const tail = match(bytesTail, query, at + digits.length);
  const size = tail === undefined ? undefined : parseBytes(digits + tail);
  if (tail !== undefined && size !== undefined)
    return made("BYTES", digits + tail, at, digits.length + tail.length, size);
  return made("NUMBER", digits, at, digits.length, numberOf(digits));
}

/** As Go's ParseFloat: of other bases it knows hexadecimal numbers with an exponent alone. */
function numberOf(digits: string): number {
  const hex = /^0x([0-9a-f]*)\.?([0-9a-f]*)p([+-]?\d+)$/i.exec(digits);
  if (hex !== null) {
    const [, whole = "", fraction = "", exponent = ""] = hex;
    if (whole + fraction !== "")
      return Number(`0x${whole}${fraction}`) * 2 ** (Number(exponent) - 4 * fraction.length);
  }
  if (/^0[xbo]/i.test(digits))
    throw parseError(
      `unable to parse literal as a float: strconv.ParseFloat: parsing "${digits}": invalid syntax`,
    );
  return Number(digits);
}

function scanDuration(query: string, at: number, head: string): Scanned | undefined {
  const tail = match(durationTail, query, at + head.length);
  if (tail === undefined) return undefined;
  const text = head + tail;
  const ns = durationNs(text);
  return ns === undefined ? undefined : made("DURATION", text, at, text.length, ns);
}

/** Prometheus's durations ("1d12h") and Go's ("1.5h", "-30m"), in nanoseconds. */
function durationNs(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms === undefined ? parseGoDuration(text) : ms * 1e6;
}
