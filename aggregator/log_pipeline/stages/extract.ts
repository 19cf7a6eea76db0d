import { messageOf } from "#shared/errors.ts";
import { searchingRegex } from "#shared/text/linear_regex.ts";
import { queryStepsMax } from "#shared/text/regex_limits.ts";
import { parseError } from "#shared/query_language/logql/errors.ts";
import { type RecordState, lineOf, nameForParsed } from "../record_state.ts";
import { adjacentCaptures, parsePattern } from "./pattern_text.ts";
import { type StageRun, type Wanted, cleanLabelName } from "./stage.ts";

function put(state: RecordState, name: string, value: string, { names }: Wanted): void {
  const free = nameForParsed(state, name);
  if (free !== undefined && (names === undefined || names.has(free))) state.parsed.set(free, value);
}

/** `| regexp "(?P<name>re)"`: named groups become labels; a line that does not match keeps what it has. */
export function compileRegexp(pattern: string, wanted: Wanted): StageRun {
  const regex = regexOf(pattern);
  const groups = [...regex.groups].map(([name, number]) => ({
    name: cleanLabelName(name),
    number,
  }));
  if (groups.length === 0)
    throw parseError("invalid regexp parser: at least one named capture must be supplied");
  return (state) => {
    if (wanted.names?.size === 0) return true;
    const match = regex.exec(lineOf(state));
    if (match !== undefined)
      for (const { name, number } of groups) put(state, name, match[number] ?? "", wanted);
    return true;
  };
}

function regexOf(pattern: string): ReturnType<typeof searchingRegex> {
  const names = [...pattern.matchAll(/\(\?P?<([^>=!]+)>/g)].map(([, name = ""]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw parseError(`invalid regexp parser: duplicate extracted label name '${twice}'`);
  try {
    return searchingRegex(pattern, queryStepsMax());
  } catch (cause) {
    throw parseError(`invalid regexp parser: ${messageOf(cause)}`, { cause });
  }
}

/** `| pattern "<ip> <_> <status>"`: captures become labels, up to where the line stops to fit. */
export function compilePattern(pattern: string, wanted: Wanted): StageRun {
  const parts = parsePattern(pattern);
  if (!parts.some((part) => part.kind === "capture" && part.name !== undefined))
    throw parseError("invalid pattern parser: at least one capture is required");
  const adjacent = adjacentCaptures(parts);
  if (adjacent !== undefined)
    throw parseError(
      `invalid pattern parser: found consecutive capture '${adjacent}': invalid expression`,
    );
  const [first] = parts;
  const head = first?.kind === "text" ? first.text : "";
  const rest = head === "" ? parts : parts.slice(1);
  return (state) => {
    if (wanted.names?.size === 0) return true;
    const line = lineOf(state);
    if (line === "" || !line.startsWith(head)) return true;
    let at = head.length;
    for (let i = 0; i < rest.length; i += 2) {
      const [part, next] = [rest[i], rest[i + 1]];
      const found = next?.kind === "text" ? line.indexOf(next.text, at) : -1;
      const value = found < 0 ? line.slice(at) : line.slice(at, found);
      if (part?.kind === "capture" && part.name !== undefined) put(state, part.name, value, wanted);
      if (found < 0 || next?.kind !== "text") break;
      at = found + next.text.length;
    }
    return true;
  };
}
