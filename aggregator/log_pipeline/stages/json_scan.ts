/**
 * A scanner of JSON that reads no more than it is asked for. It is as forgiving as Loki's: what follows the first object is not looked
 * at, numbers are taken as written. Positions are UTF-16 offsets. It does not recurse, so nesting costs no stack.
 */

/** What can be wrong, in the words that users of Loki know. */
export const jsonFaults = {
  object: "Value looks like object, but can't find closing '}' symbol",
  array: "Value is array, but can't find closing ']' symbol",
  string: "Value is string, but can't find closing '\"' symbol",
  value: "Unknown value type",
  malformed: "Malformed JSON error",
  escape: "Encountered an invalid escape sequence in a string",
  depth: "nested deeper than 512 levels",
} as const;

export class JsonFault extends Error {}

export const jsonDepthMax = 512;
const [quote, backslash, openBrace, closeBrace] = [34, 92, 123, 125] as const;
const [openBracket, closeBracket, comma, colon] = [91, 93, 44, 58] as const;

export function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) break;
    at++;
  }
  return at;
}

/** The offset behind the string that opens at `at`. */
export function stringEnd(text: string, at: number, fault: string = jsonFaults.string): number {
  let end = text.indexOf('"', at + 1);
  while (end > 0) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  throw new JsonFault(fault);
}

/** The offset behind the value that begins at `at`, whatever it is. */
export function valueEnd(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === quote) return stringEnd(text, at);
  if (first !== openBrace && first !== openBracket) return scalarEnd(text, at);
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) i = stringEnd(text, i) - 1;
    else if (code === openBrace || code === openBracket) depth++;
    else if ((code === closeBrace || code === closeBracket) && --depth === 0) return i + 1;
  }
  throw new JsonFault(first === openBrace ? jsonFaults.object : jsonFaults.array);
}

function scalarEnd(text: string, at: number): number {
  let end = at;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === comma || code === closeBrace || code === closeBracket || code <= 32) break;
  }
  const first = text.charCodeAt(at);
  const isNumber = first === 45 || (first >= 48 && first <= 57);
  if (isNumber && end > at) return end;
  const word = text.slice(at, end);
  if (word === "true" || word === "false" || word === "null") return end;
  throw new JsonFault(jsonFaults.value);
}

/** A string with its quotes, as the text that it means; what can't be read is "". */
export function unescapeJson(quoted: string): string {
  const inner = quoted.slice(1, -1);
  if (!inner.includes("\\")) return inner.includes("\ufffd") ? cleaned(inner) : inner;
  try {
    return cleaned(String(JSON.parse(quoted)));
  } catch {
    return unescapeLoosely(inner);
  }
}

/** Characters that Prometheus refuses in a label become spaces; half a surrogate pair is a wrong escape. */
function cleaned(text: string): string {
  return text.isWellFormed() ? text.replaceAll("\ufffd", " ") : "";
}

const escapes: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  '"': '"',
  "\\": "\\",
  "/": "/",
};

/** Strings with bare line breaks and the like, which JSON.parse refuses; a wrong escape makes the whole empty. */
function unescapeLoosely(inner: string): string {
  let isWrong = false;
  const text = inner.replaceAll(
    /\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g,
    (_, hex?: string, one?: string) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      const known = escapes[one ?? ""];
      if (known === undefined) isWrong = true;
      return known ?? "";
    },
  );
  return isWrong ? "" : cleaned(text);
}

/** Reads keys and values of the object that opens at `at`, in order. */
export type ObjectCursor = { at: number; keyStart: number; keyEnd: number };

/**
 * Moves to the next key; `at` is then where its value begins. False at the object's end, with `at` behind it. Which fault is told where is
 * as in the parser that Loki uses (github.com/grafana/jsonparser, ObjectEach): users know them by their texts. A comma may stand last.
 */
export function nextMember(text: string, cursor: ObjectCursor, isFirst: boolean): boolean {
  let at = skipSpace(text, cursor.at);
  if (at >= text.length) throw new JsonFault(isFirst ? jsonFaults.malformed : jsonFaults.array);
  if (!isFirst && text.charCodeAt(at) === comma) {
    at = skipSpace(text, at + 1);
    if (at >= text.length) throw new JsonFault(jsonFaults.array);
  } else if (!isFirst && text.charCodeAt(at) !== closeBrace) throw new JsonFault(jsonFaults.object);
  if (text.charCodeAt(at) === closeBrace) {
    cursor.at = at + 1;
    return false;
  }
  if (text.charCodeAt(at) !== quote) throw new JsonFault(jsonFaults.object);
  cursor.keyStart = at;
  cursor.keyEnd = stringEnd(text, at, jsonFaults.malformed);
  at = skipSpace(text, cursor.keyEnd);
  if (text.charCodeAt(at) !== colon) throw new JsonFault(jsonFaults.malformed);
  cursor.at = skipSpace(text, at + 1);
  if (cursor.at >= text.length) throw new JsonFault(jsonFaults.malformed);
  return true;
}
