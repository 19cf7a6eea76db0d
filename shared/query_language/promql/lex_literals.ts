/**
 * The scanners of numbers, durations and strings, with the places at which Prometheus's own give up (promql/parser/lex.go): its
 * messages show how far it had come.
 */
export type Scanned =
  | { readonly type: "number" | "duration" | "string"; readonly end: number }
  | { readonly type: "error"; readonly message: string; readonly end: number };

const wordCharacter = /[A-Za-z0-9_]/;
const decimal = /[0-9]/;
const hexadecimal = /[0-9a-fA-F]/;

/** A character as Go's %q prints it; what is past the end is the replacement character. */
export function quoteCharacter(query: string, at: number): string {
  const code = query.codePointAt(at);
  if (code === undefined) return "'\uFFFD'";
  const known = escapedCharacters.get(code);
  if (known !== undefined) return `'${known}'`;
  if (code < 32 || code === 127) return String.raw`'\x${code.toString(16).padStart(2, "0")}'`;
  return `'${String.fromCodePoint(code)}'`;
}

const escapedCharacters: ReadonlyMap<number, string> = new Map([
  [7, String.raw`\a`],
  [8, String.raw`\b`],
  [9, String.raw`\t`],
  [10, String.raw`\n`],
  [11, String.raw`\v`],
  [12, String.raw`\f`],
  [13, String.raw`\r`],
  [39, String.raw`\'`],
  [92, "\\\\"],
]);

/** A number or a duration that begins at `start`, right or not: the parser finds out. */
export function scanNumberOrDuration(query: string, start: number): Scanned {
  const number = scanNumber(query, start);
  if (number.isWhole) return { type: "number", end: number.end };
  const duration = scanDuration(query, number.end);
  if (duration.isWhole) return { type: "duration", end: duration.end };
  const text = query.slice(start, duration.end);
  const message = `bad number or duration syntax: ${JSON.stringify(text)}`;
  return { type: "error", message, end: duration.end };
}

type Reach = { readonly end: number; readonly isWhole: boolean };

function scanNumber(query: string, start: number): Reach {
  let at = start;
  const is = (shape: RegExp): boolean => shape.test(query[at] ?? "");
  const accept = (shape: RegExp): boolean => {
    const found = is(shape);
    if (found) at++;
    return found;
  };
  let digit = decimal;
  if (accept(/0/) && accept(/[xX]/)) {
    accept(/_/);
    digit = hexadecimal;
  }
  accept(/\./);
  accept(digit);
  let [hasDot, hasExponent] = [false, false];
  // A hexadecimal "e" is a digit, and yet is looked at as an exponent first.
  const more = digit === hexadecimal ? /[0-9a-fA-F._]/ : /[0-9._eE]/;
  while (is(more)) {
    if ((is(/\./) && hasDot) || (is(/[eE]/) && hasExponent)) {
      at++;
      return { end: at, isWhole: false };
    }
    if (accept(/\./)) {
      hasDot = true;
      if (accept(/[_.]/) || digit === hexadecimal) return { end: at, isWhole: false };
    } else if (accept(/[eE]/)) {
      hasExponent = true;
      accept(/[+-]/);
      if (accept(/[._eE]/) || at >= query.length) return { end: at, isWhole: false };
    } else if (accept(/_/)) {
      if (accept(/[._eE]/) || at >= query.length) return { end: at, isWhole: false };
    } else while (accept(digit));
  }
  return { end: at, isWhole: at > start && !is(wordCharacter) };
}

/** Units and numbers after the first number. */
function scanDuration(query: string, start: number): Reach {
  let at = start;
  const accept = (shape: RegExp): boolean => {
    const found = shape.test(query[at] ?? "");
    if (found) at++;
    return found;
  };
  if (!accept(/[smhdwy]/)) return { end: at, isWhole: false };
  accept(/s/);
  while (accept(decimal)) {
    while (accept(decimal));
    if (!accept(/[smhdw]/)) return { end: at, isWhole: false };
    accept(/s/);
  }
  return accept(wordCharacter) ? { end: at, isWhole: false } : { end: at, isWhole: true };
}

/** A string in the quotes that stand at `start`. */
export function scanString(query: string, start: number): Scanned {
  const delimiter = query[start] ?? "";
  const isRaw = delimiter === "`";
  const fail = (message: string): Scanned => ({ type: "error", message, end: query.length });
  let at = start + 1;
  while (query[at] !== delimiter) {
    const character = query[at];
    if (character === undefined)
      return fail(isRaw ? "unterminated raw string" : "unterminated quoted string");
    at++;
    if (isRaw) continue;
    if (character === "\n") return fail("unterminated quoted string");
    if (character !== "\\") continue;
    const escape = scanEscape(query, at, delimiter);
    if (typeof escape === "string") return fail(escape);
    at = escape;
  }
  return { type: "string", end: at + 1 };
}

const escapeShapes: ReadonlyMap<string, readonly [digits: number, base: number, max: number]> =
  new Map([
    ["x", [2, 16, 255]],
    ["u", [4, 16, 0x10_ffff]],
    ["U", [8, 16, 0x10_ffff]],
  ]);

/** Where what follows a backslash ends, or what is wrong with it. */
function scanEscape(query: string, start: number, delimiter: string): number | string {
  const kind = query[start];
  if (kind === undefined) return "escape sequence not terminated";
  if (kind === delimiter || /[abfnrtv\\]/.test(kind)) return start + 1;
  const isOctal = /[0-7]/.test(kind);
  const [digits, base, max] = isOctal ? ([3, 8, 255] as const) : (escapeShapes.get(kind) ?? []);
  if (digits === undefined || base === undefined || max === undefined)
    return `unknown escape sequence ${codePointText(query, start)}`;
  let at = isOctal ? start : start + 1;
  let value = 0;
  for (let i = 0; i < digits; i++, at++) {
    const digit = Number.parseInt(query[at] ?? "", base);
    if (at >= query.length) return "escape sequence not terminated";
    if (Number.isNaN(digit))
      return `illegal character ${codePointText(query, at)} in escape sequence`;
    value = value * base + digit;
  }
  if (value > max || (value >= 0xd800 && value < 0xe000))
    return "escape sequence is an invalid Unicode code point";
  return at;
}

/** As Go's %#U: U+0071 'q'. */
function codePointText(query: string, at: number): string {
  const code = query.codePointAt(at) ?? 0xfffd;
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return code < 32 || code === 127 ? hex : `${hex} '${String.fromCodePoint(code)}'`;
}
