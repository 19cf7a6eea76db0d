import type { Labels } from "#shared/model/labels.ts";
import { BodyError } from "../transport/body.ts";

const pair = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*("(?:[^"\\]|\\.)*"|`[^`]*`)\s*/y;
const namesMax = 64;
const nameCharsMax = 1_024;
const valueCharsMax = 2_048;

/** Labels of a stream in LogQL's form, or why they are none. */
export function streamLabels(text: string): Labels | BodyError {
  return orFault(() => parseStreamLabels(text));
}

/** One stream's labels are no fault of the others. */
export function orFault(read: () => Labels): Labels | BodyError {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof BodyError) return thrown;
    throw thrown;
  }
}

/** Labels of a stream from LogQL's form, `{a="b", c="d"}`. Throws BodyError(400). */
export function parseStreamLabels(text: string): Record<string, string> {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}")) throw invalid(text);
  const inner = trimmed.slice(1, -1);
  const pairs: [string, string][] = [];
  pair.lastIndex = 0;
  let at = 0;
  while (at < inner.length && inner.slice(at).trim() !== "") {
    pair.lastIndex = at;
    const found = pair.exec(inner);
    if (found === null) throw invalid(text);
    pairs.push([found[1] ?? "", unquoted(found[2] ?? "", text)]);
    at = pair.lastIndex;
    if (at === inner.length) break;
    if (inner[at] !== ",") throw invalid(text);
    at++;
  }
  return checkStreamLabels(pairs);
}

/** Labels of a stream as Loki takes them: at least one pair, within its bounds. Throws BodyError(400). */
export function checkStreamLabels(
  pairs: readonly (readonly [name: string, value: string])[],
): Record<string, string> {
  const labels = boundedLabels(pairs);
  // In Loki's words.
  if (Object.keys(labels).length === 0)
    throw new BodyError(400, "error at least one label pair is required per stream");
  return labels;
}

/** Labels within Loki's bounds, without empty values; none is allowed. Throws BodyError(400). */
export function boundedLabels(
  pairs: readonly (readonly [name: string, value: string])[],
): Record<string, string> {
  if (pairs.length > namesMax) throw new BodyError(400, `stream with ${pairs.length} labels`);
  const labels = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || name.length > nameCharsMax)
      throw new BodyError(400, `label name ${JSON.stringify(name.slice(0, 100))} is not allowed`);
    if (labels.has(name)) throw new BodyError(400, `duplicate label ${JSON.stringify(name)}`);
    if (value.length > valueCharsMax)
      throw new BodyError(400, `value of label ${name} is longer than ${valueCharsMax}`);
    labels.set(name, value);
  }
  return Object.fromEntries([...labels].filter(([, value]) => value !== ""));
}

function unquoted(quoted: string, text: string): string {
  if (quoted.startsWith("`")) return quoted.slice(1, -1);
  if (!quoted.includes("\\")) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    throw invalid(text);
  }
}

function invalid(text: string): BodyError {
  return new BodyError(
    400,
    `stream labels ${JSON.stringify(text.slice(0, 200))}: expected {name="value"}`,
  );
}
