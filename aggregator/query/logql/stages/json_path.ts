import { JsonFault, type ObjectCursor, jsonFaults, nextMember, skipSpace } from "./json_scan.ts";
import { unescapeJson, valueEnd } from "./json_scan.ts";

/** A place in a JSON document: `request.headers["User-Agent"]`, `servers[0]`. */
export type JsonPath = {
  /** Where the value stands in a line; undefined where it has none. Throws JsonFault on a line that is broken before it. */
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

function findValue(line: string, steps: readonly (string | number)[]) {
  let at = skipSpace(line, 0);
  for (const step of steps) {
    const found = typeof step === "number" ? item(line, at, step) : member(line, at, step);
    if (found === undefined) return undefined;
    at = found;
  }
  return { start: at, end: valueEnd(line, at) };
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
