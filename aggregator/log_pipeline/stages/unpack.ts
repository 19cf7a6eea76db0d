import { lineOf, nameForParsed, setError } from "../record_state.ts";
import { jsonError } from "./json.ts";
import {
  JsonFault,
  type ObjectCursor,
  jsonFaults,
  nextMember,
  skipSpace,
  unescapeJson,
  valueEnd,
} from "./json_scan.ts";
import { type StageRun, nameMemo } from "./stage.ts";

/** What Promtail's pack stage calls the line that it has packed. */
const entryKey = "_entry";

/** `| unpack`: the strings of a packed object become labels, and its `_entry` the line again. */
export function compileUnpack(): StageRun {
  const names = nameMemo();
  return (state) => {
    const line = lineOf(state);
    if (line === "") return true;
    try {
      const { labels, entry } = readPacked(line);
      if (entry === undefined) return true;
      for (const [key, value] of labels) {
        const name = nameForParsed(state, names(key));
        if (name !== undefined) state.parsed.set(name, value);
      }
      state.text = entry;
    } catch (thrown) {
      if (!(thrown instanceof JsonFault)) throw thrown;
      setError(state, jsonError, thrown.message);
    }
    return true;
  };
}

function readPacked(line: string) {
  if (line.charCodeAt(0) !== 123) throw new JsonFault("expecting json object(6), but it is not");
  const labels: [string, string][] = [];
  let entry: string | undefined;
  const cursor: ObjectCursor = { at: skipSpace(line, 1), keyStart: 0, keyEnd: 0 };
  for (let isFirst = true; nextMember(line, cursor, isFirst); isFirst = false) {
    const end = valueEnd(line, cursor.at);
    if (line.charCodeAt(cursor.at) === 34) {
      const key = unescapeJson(line.slice(cursor.keyStart, cursor.keyEnd));
      const value = unescapeJson(line.slice(cursor.at, end));
      if (key === entryKey) entry = value;
      else labels.push([key, value]);
    }
    cursor.at = end;
    if (cursor.at > line.length) throw new JsonFault(jsonFaults.object);
  }
  return { labels, entry };
}
