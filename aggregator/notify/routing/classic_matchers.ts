import { OperatingError } from "#shared/errors.ts";
import { type AlertMatcher, type MatcherOperator, createMatcher } from "./matcher.ts";

const shape = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*$/s;

/** Matchers as they were before names could hold any character: a value without quotes may be empty. Throws OperatingError("bad_request"). */
export function parseClassicMatchers(input: string): AlertMatcher[] {
  const inner = input.replace(/^\{/, "").replace(/\}$/, "");
  const parts: string[] = [];
  let part = "";
  let [isQuoted, isEscaped] = [false, false];
  for (const character of inner) {
    if (character === "," && !isQuoted) {
      parts.push(part);
      part = "";
      continue;
    }
    if (character === '"' && !isEscaped) isQuoted = !isQuoted;
    isEscaped = character === "\\" && !isEscaped;
    part += character;
  }
  if (part.trim() !== "") parts.push(part.trim());
  return parts.map(parseClassicMatcher);
}

export function parseClassicMatcher(input: string): AlertMatcher {
  const [, name, operator, written = ""] = shape.exec(input) ?? [];
  if (name === undefined || operator === undefined) throw invalid(`bad matcher format: ${input}`);
  return createMatcher(name, operatorOf(operator), valueOf(written));
}

function valueOf(written: string): string {
  const isQuoted = written.startsWith('"');
  const raw = isQuoted ? written.slice(1) : written;
  let value = "";
  let isClosed = !isQuoted;
  for (let i = 0; i < raw.length; i++) {
    const character = raw[i] ?? "";
    if (character === "\\" && i < raw.length - 1) {
      const next = raw[++i] ?? "";
      value += next === "n" ? "\n" : next === '"' || next === "\\" ? next : `\\${next}`;
    } else if (character === '"') {
      if (isClosed || i < raw.length - 1) throw unescapedQuote(written);
      isClosed = true;
    } else value += character;
  }
  if (!isClosed) throw unescapedQuote(written);
  return value;
}

function operatorOf(text: string): MatcherOperator {
  if (text === "=" || text === "!=" || text === "=~") return text;
  return "!~";
}

function unescapedQuote(written: string): OperatingError {
  return invalid(`matcher value contains unescaped double quote: ${written}`);
}

function invalid(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}
