import type { Extraction } from "../ast.ts";
import { stageError } from "../errors.ts";
import { type RecordState, labelOf, lineOf, nameForParsed, setError } from "../record_state.ts";
import { type JsonPath, parseJsonPath } from "./json_path.ts";
import {
  JsonFault,
  type ObjectCursor,
  jsonDepthMax,
  jsonFaults,
  nextMember,
  skipSpace,
  unescapeJson,
  valueEnd,
} from "./json_scan.ts";
import { type StageRun, type Wanted, candidatesOf, nameMemo } from "./stage.ts";

export const jsonError = "JSONParserErr";

/** `| json`: every value of an object that is no list becomes a label, names of nested objects joined by `_`. */
export function compileJson(wanted: Wanted): StageRun {
  const names = nameMemo();
  const candidates = candidatesOf(wanted);
  return (state) => {
    const { names: asked, isExact } = wanted;
    if (asked?.size === 0 && !isExact) return true;
    try {
      scanObject(lineOf(state), { state, wanted, candidates, names, left: asked?.size ?? -1 });
    } catch (thrown) {
      if (!(thrown instanceof JsonFault)) throw thrown;
      setError(state, jsonError, thrown.message);
    }
    return true;
  };
}

type Scan = {
  readonly state: RecordState;
  readonly wanted: Wanted;
  readonly candidates: ReadonlySet<string> | undefined;
  readonly names: (text: string) => string;
  /** Wanted names that were not met; below zero where all are wanted. */
  left: number;
};

/** An object that is being read, and what its names begin with. */
type Level = { readonly prefix: string; isFirst: boolean };

function scanObject(line: string, scan: Scan): void {
  const start = skipSpace(line, 0);
  if (line.charCodeAt(start) !== 123) throw new JsonFault(startFault(line, start));
  const cursor: ObjectCursor = { at: start + 1, keyStart: 0, keyEnd: 0 };
  const levels: Level[] = [{ prefix: "", isFirst: true }];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const { isFirst, prefix } = level;
    level.isFirst = false;
    if (!nextMember(line, cursor, isFirst)) {
      levels.pop();
      continue;
    }
    const name = nameOf(line, cursor, prefix, scan.names);
    const first = line.charCodeAt(cursor.at);
    if (first === 123 && isPrefixWanted(scan.wanted, name)) {
      if (levels.length >= jsonDepthMax) throw new JsonFault(jsonFaults.depth);
      levels.push({ prefix: name, isFirst: true });
      cursor.at++;
      continue;
    }
    const end = valueEnd(line, cursor.at);
    if (first !== 123 && first !== 91 && first !== 110 && name !== "")
      put(scan, name, line, cursor.at, end);
    cursor.at = end;
    if (scan.left === 0 && !scan.wanted.isExact) return;
  }
}

function startFault(line: string, start: number): string {
  return start >= line.length ? jsonFaults.object : jsonFaults.malformed;
}

function nameOf(
  line: string,
  { keyStart, keyEnd }: ObjectCursor,
  prefix: string,
  names: (text: string) => string,
): string {
  const raw = line.slice(keyStart + 1, keyEnd - 1);
  const key = raw.includes("\\") ? unescapeJson(line.slice(keyStart, keyEnd)) : raw;
  if (prefix === "") return names(key);
  if (key.trim() === "") return prefix;
  const name = names(key);
  // A digit needs its `_` only where it would stand at the head of the whole name.
  return `${prefix}_${name.startsWith("_") && /^\s*\d/.test(key) ? name.slice(1) : name}`;
}

function isPrefixWanted({ names }: Wanted, prefix: string): boolean {
  if (names === undefined) return true;
  for (const name of names) if (name.startsWith(prefix)) return true;
  return false;
}

function put(scan: Scan, name: string, line: string, start: number, end: number): void {
  const { state, wanted } = scan;
  if (scan.candidates !== undefined && !scan.candidates.has(name)) return;
  const free = nameForParsed(state, name);
  if (free === undefined || (wanted.names !== undefined && !wanted.names.has(free))) return;
  const isString = line.charCodeAt(start) === 34;
  const raw = line.slice(start, end);
  state.parsed.set(free, isString ? unescapeJson(raw) : raw);
  scan.left--;
}

/** `| json a="x.y[0]", b`: single values by their paths; a path that leads nowhere gives an empty label. */
export function compileJsonPaths(extractions: readonly Extraction[], wanted: Wanted): StageRun {
  const paths = extractions.map(({ label, expression }) => {
    const path = parseJsonPath(expression);
    if (typeof path === "string")
      throw stageError("json", `cannot parse expression [${expression}]: ${path}`);
    return { label, path };
  });
  return (state) => {
    if (wanted.names?.size === 0 && !wanted.isExact) return true;
    const line = lineOf(state);
    if (line === "") return true;
    if (!`{["`.includes(line[0] ?? "")) {
      setError(state, jsonError, "");
      return true;
    }
    for (const { label, path } of paths) extract(state, line, label, path);
    return true;
  };
}

function extract(state: RecordState, line: string, label: string, path: JsonPath): void {
  let found: { readonly start: number; readonly end: number } | undefined;
  try {
    found = path.find(line);
  } catch (thrown) {
    if (!(thrown instanceof JsonFault)) throw thrown;
    setError(state, jsonError, thrown.message);
  }
  if (found === undefined) {
    if (labelOf(state, label) === undefined) state.parsed.set(label, "");
    return;
  }
  const free = nameForParsed(state, label) ?? label;
  const raw = line.slice(found.start, found.end);
  const value = raw.startsWith('"') ? unescapeJson(raw) : raw === "null" ? "" : raw;
  state.parsed.set(free, value);
}
