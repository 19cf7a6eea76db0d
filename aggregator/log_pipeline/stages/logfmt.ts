import type { Extraction } from "#shared/query_language/logql/ast.ts";
import { stageError } from "#shared/query_language/logql/errors.ts";
import { type RecordState, labelOf, lineOf, nameForParsed, setError } from "../record_state.ts";
import { type StageRun, type Wanted, candidatesOf, nameMemo } from "./stage.ts";

export const logfmtError = "LogfmtParserErr";

/** Reads key=value pairs one after another, as go-logfmt does. `fault` is what was wrong last, "" at first, and `faultAt` where. */
type Pairs = {
  readonly line: string;
  at: number;
  key: string;
  value: string;
  fault: string;
  faultAt: number;
};

/** `| logfmt`: every pair of the line becomes a label. Pairs that can't be read are passed over, or an error with --strict. */
export function compileLogfmt(strict: boolean, keepEmpty: boolean, wanted: Wanted): StageRun {
  const names = nameMemo();
  const candidates = candidatesOf(wanted);
  return (state) => {
    const { names: asked, isExact } = wanted;
    if (asked?.size === 0 && !isExact) return true;
    const pairs = pairsOf(lineOf(state));
    let left = asked?.size ?? -1;
    while (pairs.at < pairs.line.length) {
      if (!nextPair(pairs)) {
        if (strict) break;
        continue;
      }
      const name = names(pairs.key);
      if (name === "" || (candidates !== undefined && !candidates.has(name))) continue;
      const free = nameForParsed(state, name);
      if (free === undefined || (asked !== undefined && !asked.has(free))) continue;
      if (pairs.value === "" && !keepEmpty) continue;
      state.parsed.set(free, pairs.value.includes("\ufffd") ? spaced(pairs.value) : pairs.value);
      if (--left === 0 && !isExact) break;
    }
    if (strict && pairs.fault !== "") setError(state, logfmtError, faultText(pairs));
    return true;
  };
}

/** `| logfmt a="x", b`: the pairs that are named, empty where the line lacks them. */
export function compileLogfmtFields(extractions: readonly Extraction[], strict: boolean): StageRun {
  const names = nameMemo();
  const labels = new Map<string, string>();
  for (const { label, expression } of extractions) {
    const key = /^\s*(?:"([^"]*)"|([A-Za-z_][A-Za-z0-9_]*))\s*$/.exec(expression);
    if (key === null)
      throw stageError("logfmt", `cannot parse expression [${expression}]: unexpected char`);
    labels.set(key[1] ?? key[2] ?? "", label);
  }
  return (state) => {
    for (const label of labels.values())
      if (labelOf(state, label) === undefined) state.parsed.set(label, "");
    const pairs = pairsOf(lineOf(state));
    while (pairs.at < pairs.line.length) {
      if (nextPair(pairs)) putField(state, names(pairs.key), pairs.value, labels);
      else if (strict) break;
    }
    if (strict && pairs.fault !== "") setError(state, logfmtError, faultText(pairs));
    return true;
  };
}

function putField(
  state: RecordState,
  key: string,
  value: string,
  labels: ReadonlyMap<string, string>,
): void {
  const label = labels.get(key);
  if (label === undefined) return;
  // The empty label that stands for it is no clash.
  const held = state.parsed.get(label);
  const free = held === undefined ? (nameForParsed(state, label) ?? label) : label;
  if (held === undefined || held === "")
    state.parsed.set(free, value.includes("\ufffd") ? "" : value);
}

function spaced(text: string): string {
  return text.replaceAll("\ufffd", " ");
}

function pairsOf(line: string): Pairs {
  return { line, at: 0, key: "", value: "", fault: "", faultAt: 0 };
}

const [space, quote, equals, backslash] = [32, 34, 61, 92] as const;

/** Moves to the next pair; false at one that can't be read, and at the end of the line. */
function nextPair(pairs: Pairs): boolean {
  const { line } = pairs;
  pairs.key = "";
  pairs.value = "";
  let at = pairs.at;
  while (at < line.length && line.charCodeAt(at) <= space) at++;
  const start = at;
  let code = line.charCodeAt(at);
  while (at < line.length && code > space && code !== equals && code !== quote)
    code = line.charCodeAt(++at);
  pairs.at = at;
  if (at < line.length && code === quote) return refuse(pairs, quoted(code));
  pairs.key = line.slice(start, at);
  if (pairs.key.includes("\ufffd")) return refuse(pairs, "invalid key");
  if (at >= line.length || code !== equals) return at > start;
  if (at === start) return refuse(pairs, quoted(code));
  pairs.at = ++at;
  if (at >= line.length || line.charCodeAt(at) <= space) return true;
  return line.charCodeAt(at) === quote ? quotedValue(pairs) : bareValue(pairs);
}

function bareValue(pairs: Pairs): boolean {
  const { line } = pairs;
  let { at } = pairs;
  for (; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code <= space) break;
    if (code !== equals && code !== quote) continue;
    pairs.at = at;
    return refuse(pairs, quoted(code));
  }
  pairs.value = line.slice(pairs.at, at);
  pairs.at = at;
  return true;
}

function quotedValue(pairs: Pairs): boolean {
  const { line } = pairs;
  const start = pairs.at;
  let hasEscape = false;
  for (let at = start + 1; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code === backslash) {
      hasEscape = true;
      at++;
    } else if (code === quote) {
      pairs.at = at + 1;
      if (!hasEscape) {
        pairs.value = line.slice(start + 1, at);
        return true;
      }
      const value = unescapeValue(line.slice(start + 1, at));
      if (value === undefined) return fault(pairs, "invalid quoted value");
      pairs.value = value;
      return true;
    }
  }
  pairs.at = line.length;
  return fault(pairs, "unterminated quoted value");
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
  "'": "'",
};

function unescapeValue(inner: string): string | undefined {
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
  return isWrong ? undefined : text.toWellFormed();
}

function quoted(code: number): string {
  return `unexpected ${code === quote ? `'"'` : `'='`}`;
}

/** Notes the fault and passes over the rest of the word. */
function refuse(pairs: Pairs, message: string): false {
  fault(pairs, message);
  const { line } = pairs;
  while (pairs.at < line.length && line.charCodeAt(pairs.at) > space) pairs.at++;
  return false;
}

function fault(pairs: Pairs, message: string): false {
  pairs.fault = message;
  pairs.faultAt = pairs.at;
  return false;
}

/** Places count in bytes. */
function faultText({ line, fault: message, faultAt }: Pairs): string {
  return `logfmt syntax error at pos ${Buffer.byteLength(line.slice(0, faultAt)) + 1} : ${message}`;
}
