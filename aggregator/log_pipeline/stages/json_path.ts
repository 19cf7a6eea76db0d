import { JsonFault, type ObjectCursor, jsonFaults, nextMember, skipSpace } from "./json_scan.ts";
import { stringEnd, unescapeJson, valueEnd } from "./json_scan.ts";

/** A place in a JSON document: `request.headers["User-Agent"]`, `servers[0]`. */
export type JsonPath = {
  /** Where the value stands in a line; undefined where it has none. Throws JsonFault where the value itself is broken. */
  readonly find: (line: string) => { readonly start: number; readonly end: number } | undefined;
};

const part = /\s*(?:\[\s*(?:(\d+)|"([^"\]]*)")\s*\]|(\.)?\s*([A-Za-z_][A-Za-z0-9_]*))/y;

/** Reads a path; what is wrong with it where it is none. */
export function parseJsonPath(text: string): JsonPath | string {
  const steps: (string | number)[] = [];
  let at = 0;
  while (at < text.length && text.slice(at).trim() !== "") {
    part.lastIndex = at;
    const match = part.exec(text);
    if (match === null) return `unexpected char ${text.slice(at).trim()[0] ?? ""}`;
    const [whole, index, quoted, dot, field] = match;
    if (field !== undefined && (dot !== undefined) !== steps.length > 0)
      return `syntax error: unexpected ${dot === undefined ? "FIELD" : "DOT"}`;
    steps.push(index === undefined ? (quoted ?? field ?? "") : Number(index));
    at += whole.length;
  }
  if (steps.length === 0) return "syntax error: unexpected $end";
  return { find: (line) => findValue(line, steps) };
}

/**
 * Goes through keys and marks without asking whether all between them is JSON, as Loki does (github.com/grafana/jsonparser, EachKey): a line
 * that was cut off has the values that stand before the cut, and no error.
 */
function findValue(line: string, steps: readonly (string | number)[]) {
  /** By level of nesting, whether the last key there is the path's. */
  const fits: boolean[] = [true];
  let [at, level] = [0, 0];
  while (at < line.length) {
    const code = line.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(line, at);
      const next = end === undefined ? line.length : skipSpace(line, end);
      if (next >= line.length) return undefined;
      if (line.charCodeAt(next) === colon && level <= steps.length) {
        if (level < 1) throw new JsonFault(jsonFaults.malformed);
        fits[level] = fits[level - 1] === true && keyOf(line, at, next) === steps[level - 1];
        if (fits[level] === true && level === steps.length) return valueFrom(line, next + 1);
      }
      at = next;
      continue;
    }
    if (code === openBrace) level++;
    else if (code === closeBrace) level--;
    else if (code === openBracket) {
      const step = steps[level];
      if (typeof step === "number" && fits[level] === true)
        return inList(line, at, step, steps.slice(level + 1));
      const end = endOfValue(line, at);
      if (end === undefined) return undefined;
      at = end;
      continue;
    }
    at++;
  }
  return undefined;
}

const [quote, colon, openBrace, closeBrace, openBracket] = [34, 58, 123, 125, 91] as const;

function valueFrom(line: string, behindColon: number) {
  const start = skipSpace(line, behindColon);
  if (start >= line.length) throw new JsonFault(jsonFaults.malformed);
  return { start, end: valueEnd(line, start) };
}

/** The rest of a path from an item of a list on; undefined also where the list is broken. */
function inList(line: string, list: number, index: number, steps: readonly (string | number)[]) {
  const start = unlessBroken(() => {
    let at = item(line, list, index);
    for (const step of steps) {
      if (at === undefined) return undefined;
      at = typeof step === "number" ? item(line, at, step) : member(line, at, step);
    }
    return at;
  });
  return start === undefined ? undefined : { start, end: valueEnd(line, start) };
}

function keyOf(line: string, start: number, colonAt: number): string {
  const quoted = line.slice(start, colonAt).trimEnd();
  return quoted.includes("\\") ? unescapeJson(quoted) : quoted.slice(1, -1);
}

const endOfString = (line: string, at: number) => unlessBroken(() => stringEnd(line, at));
const endOfValue = (line: string, at: number) => unlessBroken(() => valueEnd(line, at));

function unlessBroken(read: () => number | undefined): number | undefined {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof JsonFault) return undefined;
    throw thrown;
  }
}

function member(line: string, start: number, name: string): number | undefined {
  if (line.charCodeAt(start) !== 123) return undefined;
  const cursor: ObjectCursor = { at: start + 1, keyStart: 0, keyEnd: 0 };
  for (let isFirst = true; nextMember(line, cursor, isFirst); isFirst = false) {
    const key = line.slice(cursor.keyStart + 1, cursor.keyEnd - 1);
    const plain = key.includes("\\")
      ? unescapeJson(line.slice(cursor.keyStart, cursor.keyEnd))
      : key;
    if (plain === name) return cursor.at;
    cursor.at = valueEnd(line, cursor.at);
  }
  return undefined;
}

function item(line: string, start: number, index: number): number | undefined {
  if (line.charCodeAt(start) !== 91) return undefined;
  let at = skipSpace(line, start + 1);
  for (let i = 0; ; i++) {
    if (at >= line.length) throw new JsonFault(jsonFaults.array);
    if (line.charCodeAt(at) === 93) return undefined;
    if (i === index) return at;
    at = skipSpace(line, valueEnd(line, at));
    if (line.charCodeAt(at) === 93) return undefined;
    if (line.charCodeAt(at) !== 44) throw new JsonFault(jsonFaults.array);
    at = skipSpace(line, at + 1);
  }
}
