import { OperatingError } from "#shared/errors.ts";
import { type Labels, type Matcher, metricNameLabel } from "#shared/model/labels.ts";
import { unquote } from "#shared/text/go_quoted.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";

const metricName = /\s*([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*/y;
const quotedName = /\s*("(?:[^"\\]|\\.)*")\s*(?=[,}])/y;
const condition =
  /\s*([a-zA-Z_][a-zA-Z0-9_]*|"(?:[^"\\]|\\.)*")\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)\s*/y;

/** Whether a series is selected. */
export type Selects = (labels: Labels) => boolean;

/** Prometheus's series selector: `name`, `name{job="x"}`, `{__name__=~"a|b"}`. Throws OperatingError("bad_request"). */
export function compileSelector(text: string): Selects {
  const tests = parseMatchers(text).map(({ name, op, value }) => {
    if (op === "=" || op === "!=")
      return (labels: Labels) => ((labels[name] ?? "") === value) === (op === "=");
    const regex = anchoredRegex(value);
    return (labels: Labels) => regex.test(labels[name] ?? "") === (op === "=~");
  });
  return (labels) => tests.every((test) => test(labels));
}

function parseMatchers(text: string): Matcher[] {
  const matchers: Matcher[] = [];
  let at = 0;
  const take = (shape: RegExp): RegExpExecArray | null => {
    shape.lastIndex = at;
    const found = shape.exec(text);
    if (found !== null) at = shape.lastIndex;
    return found;
  };
  const name = take(metricName)?.[1];
  if (name !== undefined) matchers.push({ name: metricNameLabel, op: "=", value: name });
  if (text[at] === "{") {
    at++;
    while (!/^\s*\}/.test(text.slice(at))) {
      matchers.push(oneMatcher(text, take));
      if (text[at] === ",") at++;
      else if (text[at] !== "}") throw expected(text);
    }
    at = text.indexOf("}", at) + 1;
  }
  if (text.slice(at).trim() !== "" || matchers.length === 0) throw expected(text);
  return matchers;
}

function oneMatcher(text: string, take: (shape: RegExp) => RegExpExecArray | null): Matcher {
  const name = take(quotedName)?.[1];
  if (name !== undefined) return { name: metricNameLabel, op: "=", value: unquoted(name, text) };
  const [, label = "", op, value = ""] = take(condition) ?? [];
  if (op !== "=" && op !== "!=" && op !== "=~" && op !== "!~") throw expected(text);
  return {
    name: label.startsWith('"') ? unquoted(label, text) : label,
    op,
    value: unquoted(value, text),
  };
}

function unquoted(quoted: string, text: string): string {
  const value = unquote(quoted);
  if (value === undefined) throw expected(text);
  return value;
}

function expected(text: string): OperatingError {
  return new OperatingError(
    "bad_request",
    `"${text}": expected a selector of series, such as http_requests_total{job="web"}`,
  );
}
