import type { Extraction } from "#shared/query_language/logql/ast.ts";
import { stageError } from "#shared/query_language/logql/errors.ts";
import { watchCost } from "../record_cost.ts";
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
import { JsonTemplates, type TemplateMember } from "./json_template.ts";
import { type StageRun, type Wanted, candidatesOf, nameMemo, withoutSpace } from "./stage.ts";

export const jsonError = "JSONParserErr";

/** `| json`: every value of an object that is no list becomes a label, names of nested objects joined by `_`. */
export function compileJson(wanted: Wanted): StageRun {
  const names = nameMemo();
  const candidates = candidatesOf(wanted);
  const { names: asked, isExact } = wanted;
  const templates = jsonTemplates(wanted, names);
  /** Wanted names that were not met; below zero where all are wanted. */
  let left = -1;
  /** The name that a value gets, or undefined for one that is not wanted. */
  const nameFor = (state: RecordState, name: string) => {
    if (candidates !== undefined && !candidates.has(name)) return undefined;
    const free = nameForParsed(state, name);
    if (free === undefined || (asked !== undefined && !asked.has(free))) return undefined;
    left--;
    return free;
  };
  const putMembers = (state: RecordState, members: readonly TemplateMember[]) => {
    for (const member of members) {
      const free = nameFor(state, member.name);
      if (free === undefined) continue;
      state.parsed.set(free, templates.valueOf(member, state));
      if (left === 0 && !isExact) return;
    }
  };
  return (state) => {
    if (asked?.size === 0 && !isExact) return true;
    left = asked?.size ?? -1;
    const members = state.text === undefined ? templates.membersOf(state) : undefined;
    if (members !== undefined) {
      putMembers(state, members);
      return true;
    }
    const line = lineOf(state);
    const onMember = (name: string, start: number, end: number) => {
      const free = nameFor(state, name);
      if (free !== undefined) {
        const raw = line.slice(start, end);
        state.parsed.set(free, raw.startsWith('"') ? unescapeJson(raw) : raw);
      }
      return left === 0 && !isExact;
    };
    let sizeBeforeObject = 0;
    try {
      scanObject(line, wanted, names, onMember, () => (sizeBeforeObject = state.parsed.size));
    } catch (thrown) {
      if (!(thrown instanceof JsonFault)) throw thrown;
      if (thrown instanceof UnclosedObject) state.parsed.truncate(sizeBeforeObject);
      setError(state, jsonError, thrown.message);
    }
    return true;
  };
}

/** Of lines as compileJson() reads them. */
export function jsonTemplates(wanted: Wanted, names = nameMemo()): JsonTemplates {
  return new JsonTemplates((line, onMember) => scanObject(line, wanted, names, onMember));
}

/** An object that is being read, and what its names begin with. */
type Level = { readonly prefix: string; isFirst: boolean };

/** An object within the line's object has no end: what was told of it since `onObject` does not count, as Loki looks for the end first. */
class UnclosedObject extends JsonFault {}

/**
 * Tells values that are no lists and not null, until `onMember` has enough; `onObject` is called where an object among the line's own
 * members begins. Gives where it has stopped. Throws JsonFault.
 */
function scanObject(
  line: string,
  wanted: Wanted,
  names: (text: string) => string,
  onMember: (name: string, start: number, end: number) => boolean,
  onObject?: () => void,
): number {
  const start = skipSpace(line, 0);
  if (line.charCodeAt(start) !== 123) throw new JsonFault(jsonFaults.object);
  const cursor: ObjectCursor = { at: start + 1, keyStart: 0, keyEnd: 0 };
  const levels: Level[] = [{ prefix: "", isFirst: true }];
  let objectStart = 0;
  try {
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const { isFirst, prefix } = level;
      level.isFirst = false;
      if (!nextMember(line, cursor, isFirst)) {
        levels.pop();
        continue;
      }
      const name = nameOf(line, cursor, prefix, names);
      const first = line.charCodeAt(cursor.at);
      if (first === 123 && isPrefixWanted(wanted, name)) {
        if (levels.length >= jsonDepthMax) throw new JsonFault(jsonFaults.depth);
        if (levels.length === 1) {
          objectStart = cursor.at;
          onObject?.();
        }
        levels.push({ prefix: name, isFirst: true });
        cursor.at++;
        continue;
      }
      const end = valueEnd(line, cursor.at);
      const isValue = first !== 123 && first !== 91 && first !== 110 && name !== "";
      if (isValue && onMember(name, cursor.at, end)) return end;
      cursor.at = end;
    }
  } catch (thrown) {
    if (levels.length > 1 && !isClosed(line, objectStart))
      throw new UnclosedObject(jsonFaults.object);
    throw thrown;
  }
  return cursor.at;
}

function isClosed(line: string, objectStart: number): boolean {
  try {
    return valueEnd(line, objectStart) > objectStart;
  } catch {
    return false;
  }
}

function nameOf(
  line: string,
  { keyStart, keyEnd }: ObjectCursor,
  prefix: string,
  names: (text: string) => string,
): string {
  const raw = line.slice(keyStart + 1, keyEnd - 1);
  const key = raw.includes("\\") ? unescapeJson(line.slice(keyStart, keyEnd)) : raw;
  if (key === "" && raw !== "") throw new JsonFault(jsonFaults.escape);
  if (prefix === "") return names(key);
  const trimmed = withoutSpace(key);
  if (trimmed === "") return prefix;
  const name = names(key);
  // A digit needs its `_` only where it would stand at the head of the whole name.
  return `${prefix}_${name.startsWith("_") && /^\d/.test(trimmed) ? name.slice(1) : name}`;
}

function isPrefixWanted({ names }: Wanted, prefix: string): boolean {
  if (names === undefined) return true;
  for (const name of names) if (name.startsWith(prefix)) return true;
  return false;
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
    for (const { label, path } of paths) {
      extract(state, line, label, path);
      watchCost(state);
    }
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
