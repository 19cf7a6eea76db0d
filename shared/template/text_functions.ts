import type { RE2JS } from "re2js";
import { messageOf } from "../errors.ts";
import { compiledPattern, shortened } from "../text/compiled_pattern.ts";
import { toInteger } from "./numbers.ts";
import { textOf } from "./text.ts";
import { ExecutionError, type Value } from "./values.ts";

/** Longest text that one call may make: a template runs for every line. */
const lengthMax = 1 << 20;

function bounded(length: number): void {
  if (length > lengthMax) throw new ExecutionError(`a text of over ${lengthMax} characters`);
}

function repeat(text: string, count: number): string {
  bounded(text.length * count);
  return text.repeat(Math.max(0, count));
}

function numberOf(value: Value): number {
  return Number(toInteger(value));
}

function trimStart(text: string, cutset: string): string {
  const characters = Array.from(text);
  const first = characters.findIndex((character) => !cutset.includes(character));
  return first < 0 ? "" : characters.slice(first).join("");
}

function trimEnd(text: string, cutset: string): string {
  const characters = Array.from(text);
  const last = characters.findLastIndex((character) => !cutset.includes(character));
  return characters.slice(0, last + 1).join("");
}

function trunc(count: number, text: string): string {
  const characters = Array.from(text);
  if (count < 0 && characters.length + count > 0) return characters.slice(count).join("");
  return count >= 0 ? characters.slice(0, count).join("") : text;
}

function substring(start: number, end: number, text: string): string {
  const characters = Array.from(text);
  if (start < 0) return end < 0 ? "" : characters.slice(0, end).join("");
  return characters.slice(start, end < 0 ? undefined : end).join("");
}

function align(count: number, text: string, isLeft: boolean): string {
  const characters = Array.from(text);
  const missing = count - characters.length;
  if (count < 0 || missing === 0) return text;
  if (missing < 0)
    return (
      isLeft ? characters.slice(0, count) : characters.slice(-count || characters.length)
    ).join("");
  const padding = repeat(" ", missing);
  return isLeft ? text + padding : padding + text;
}

function indent(count: number, text: string): string {
  const padding = repeat(" ", count);
  bounded(text.length + padding.length * text.split("\n").length);
  return padding + text.replaceAll("\n", `\n${padding}`);
}

function replaceSome(text: string, from: string, to: string, count: number): string {
  bounded((text.split(from).length - 1) * Math.max(0, to.length - from.length) + text.length);
  if (count < 0) return text.replaceAll(from, () => to);
  const parts = text.split(from);
  const head = parts.slice(0, count + 1).join(to);
  const rest = parts.slice(count + 1);
  return rest.length === 0 ? head : [head, ...rest].join(from);
}

const compiled = new Map<string, RE2JS>();
/** Instructions of an expression times characters of the text that it searches: 100 ms at worst. */
const searchedMax = 5_000_000;

/** To search `text` with. Expressions may be data, so few are remembered. */
function regexOf(pattern: string, text: string): RE2JS {
  const regex = compiledRegex(pattern);
  if (regex.re2().numberOfInstructions() * text.length > searchedMax)
    throw new ExecutionError(
      `regular expression "${shortened(pattern)}" is too large for a text of ${text.length} characters`,
    );
  return regex;
}

function compiledRegex(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  try {
    const regex = compiledPattern(pattern);
    if (compiled.size >= 100) compiled.clear();
    compiled.set(pattern, regex);
    return regex;
  } catch (cause) {
    const fault = cause instanceof Error ? (cause.cause ?? cause) : cause;
    throw new ExecutionError(messageOf(fault), { cause });
  }
}

/** Whether an expression matches anywhere in a text. Throws ExecutionError. */
export function matchesRegex(pattern: string, text: string): boolean {
  return regexOf(pattern, text).matcher(text).find();
}

/** Go's ReplaceAllString: `$1` and `${name}` in the replacement are groups, unless it is literal. */
export function replaceMatches(
  pattern: string,
  text: string,
  replacement: string,
  isLiteral: boolean,
): string {
  const regex = regexOf(pattern, text);
  const groups = new Map(Object.entries(regex.namedGroups()));
  const matcher = regex.matcher(text);
  let made = "";
  let end = 0;
  while (matcher.find()) {
    made += text.slice(end, matcher.start());
    made += isLiteral
      ? replacement
      : expand(replacement, (name) => {
          const number = /^\d+$/.test(name) ? Number(name) : groups.get(name);
          return number === undefined || number > matcher.groupCount()
            ? ""
            : (matcher.group(number) ?? "");
        });
    end = matcher.end();
    bounded(made.length);
  }
  return made + text.slice(end);
}

function expand(template: string, groupOf: (name: string) => string): string {
  return template.replaceAll(
    /\$(?:(\$)|\{(\w+)\}|(\w+))/g,
    (_, dollar?: string, braced?: string, bare?: string) =>
      dollar === undefined ? groupOf(braced ?? bare ?? "") : "$",
  );
}

function countMatches(pattern: string, text: string): bigint {
  const matcher = regexOf(pattern, text).matcher(text);
  let count = 0n;
  while (matcher.find()) count++;
  return count;
}

function urlDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new ExecutionError(`error calling urldecode: invalid URL escape ${JSON.stringify(text)}`);
  }
}

/** Go's url.QueryEscape: spaces become plus signs, and more is escaped than JavaScript does. */
function urlEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll("%20", "+")
    .replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function base64Decode(text: string): string {
  const rest = text.length % 4;
  const padded = rest > 1 ? text + "=".repeat(4 - rest) : text;
  const isRight = padded.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(padded);
  if (isRight) return Buffer.from(padded, "base64").toString("utf8");
  const at = Math.max(0, padded.search(/[^A-Za-z0-9+/]/));
  return `illegal base64 data at input byte ${at}`;
}

type TextFunction = (...args: readonly string[]) => Value;

/** Functions of texts alone; numbers among their arguments are named in `withNumbers`. */
const ofTexts: Readonly<Record<string, TextFunction>> = {
  ToLower: (text = "") => text.toLowerCase(),
  ToUpper: (text = "") => text.toUpperCase(),
  lower: (text = "") => text.toLowerCase(),
  upper: (text = "") => text.toUpperCase(),
  title: (text = "") =>
    text.replaceAll(
      /(^|[^\p{L}\p{Nd}_'])(\p{Ll})/gu,
      (_, before: string, letter: string) => before + letter.toUpperCase(),
    ),
  Trim: (text = "", cutset = "") => trimEnd(trimStart(text, cutset), cutset),
  TrimLeft: (text = "", cutset = "") => trimStart(text, cutset),
  TrimRight: (text = "", cutset = "") => trimEnd(text, cutset),
  TrimPrefix: (text = "", prefix = "") =>
    text.startsWith(prefix) ? text.slice(prefix.length) : text,
  TrimSuffix: (text = "", suffix = "") =>
    text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text,
  TrimSpace: (text = "") => text.trim(),
  trim: (text = "") => text.trim(),
  trimAll: (cutset = "", text = "") => trimEnd(trimStart(text, cutset), cutset),
  trimPrefix: (prefix = "", text = "") =>
    text.startsWith(prefix) ? text.slice(prefix.length) : text,
  trimSuffix: (suffix = "", text = "") =>
    text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text,
  contains: (needle = "", text = "") => text.includes(needle),
  hasPrefix: (prefix = "", text = "") => text.startsWith(prefix),
  hasSuffix: (suffix = "", text = "") => text.endsWith(suffix),
  replace: (from = "", to = "", text = "") => replaceSome(text, from, to, -1),
  regexReplaceAll: (pattern = "", text = "", to = "") => replaceMatches(pattern, text, to, false),
  regexReplaceAllLiteral: (pattern = "", text = "", to = "") =>
    replaceMatches(pattern, text, to, true),
  count: (pattern = "", text = "") => countMatches(pattern, text),
  urlencode: (text = "") => urlEncode(text),
  urlquery: (text = "") => urlEncode(text),
  urldecode: (text = "") => urlDecode(text),
  b64enc: (text = "") => Buffer.from(text).toString("base64"),
  b64dec: (text = "") => base64Decode(text),
  html: (text = "") =>
    text.replaceAll(
      /[&<>"'\0]/g,
      (c) =>
        ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" })[c] ?? "\ufffd",
    ),
  js: (text = "") =>
    JSON.stringify(text)
      .slice(1, -1)
      .replaceAll("'", String.raw`\'`)
      .replaceAll(/[<>&=]/g, (c) => String.raw`\u00` + c.charCodeAt(0).toString(16).toUpperCase()),
};

const withNumbers: Readonly<Record<string, (...args: readonly Value[]) => Value>> = {
  Replace: (text, from, to, count) =>
    replaceSome(textOf(text), textOf(from), textOf(to), numberOf(count)),
  trunc: (count, text) => trunc(numberOf(count), textOf(text)),
  substr: (start, end, text) => substring(numberOf(start), numberOf(end), textOf(text)),
  indent: (count, text) => indent(numberOf(count), textOf(text)),
  nindent: (count, text) => `\n${indent(numberOf(count), textOf(text))}`,
  repeat: (count, text) => repeat(textOf(text), numberOf(count)),
  alignLeft: (count, text) => align(numberOf(count), textOf(text), true),
  alignRight: (count, text) => align(numberOf(count), textOf(text), false),
};

export const textFunctions: Readonly<Record<string, (...args: readonly Value[]) => Value>> = {
  ...Object.fromEntries(
    Object.entries(ofTexts).map(([name, call]) => [
      name,
      (...args: readonly Value[]) => call(...args.map(textOf)),
    ]),
  ),
  ...withNumbers,
};
