import { goQueryEscape, humanizeDuration, numberOf } from "#shared/template/alert_functions.ts";
import { durationOf, nanosecondsOf } from "#shared/template/duration_values.ts";
import { type TemplateFunction, goFunctions } from "#shared/template/functions.ts";
import { textOf } from "#shared/template/text.ts";
import { matchesRegex, replaceMatches, textFunctions } from "#shared/template/text_functions.ts";
import { formatTime, isZone, parseTime } from "#shared/template/time.ts";
import {
  ExecutionError,
  TemplateTime,
  type Value,
  isList,
  typed,
} from "#shared/template/values.ts";
import { jsonNamesOf } from "./data.ts";

const safeTexts = new WeakMap<object, { readonly kind: "html" | "url"; readonly text: string }>();

/** A text of a template's author that is HTML or a URL as it is. */
export function safeText(value: Value) {
  return typeof value === "object" ? safeTexts.get(value) : undefined;
}

function safe(kind: "html" | "url", written: string): Value {
  const value = typed({ text: written }, { methods: { String: () => written } });
  safeTexts.set(value, { kind, text: written });
  return value;
}

function secondsOf(value: Value): number {
  const ns = nanosecondsOf(value);
  return ns === undefined ? numberOf(value) : Number(ns) / 1e9;
}

function timeOf(value: Value): TemplateTime {
  if (value instanceof TemplateTime) return value;
  throw new ExecutionError("wrong type for value; expected time.Time");
}

function listOf(value: Value): readonly Value[] {
  if (isList(value)) return value;
  throw new ExecutionError("wrong type for value; expected a list");
}

function text(value: Value): string {
  if (typeof value === "string") return value;
  if (safeText(value) !== undefined) return textOf(value);
  throw new ExecutionError("wrong type for value; expected string");
}

const words = new Intl.Segmenter("en-US", { granularity: "word" });

/** Each word with its first letter large and the others small. */
function title(value: string): string {
  return [...words.segment(value)]
    .map(({ segment }) => {
      const [first = "", ...rest] = segment;
      return first.toUpperCase() + rest.join("").toLowerCase();
    })
    .join("");
}

function inZone(name: string, time: TemplateTime): TemplateTime {
  if (name !== "" && !isZone(name))
    throw new ExecutionError(`error calling tz: unknown time zone ${name}`);
  return new TemplateTime(time.ns, name === "" ? "UTC" : name);
}

const zeroTime = new TemplateTime(-62_135_596_800_000_000_000n);

function mustToDate(layout: string, written: string): TemplateTime {
  const time = parseTime(layout, written);
  if (time !== undefined) return time;
  const [shown, as] = [written, layout].map((part) => JSON.stringify(part));
  throw new ExecutionError(
    `error calling mustToDate: parsing time ${shown} as ${as}: cannot parse`,
  );
}

/** As Go's encoding/json: keys of maps sorted, `<`, `>` and `&` escaped. */
function toJson(value: Value): string {
  return JSON.stringify(jsonOf(value)).replaceAll(
    /[<>&\u2028\u2029]/g,
    (c) => String.raw`\u` + c.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

function jsonOf(value: Value): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof TemplateTime)
    return formatTime(value, "2006-01-02T15:04:05.999999999Z07:00");
  if (typeof value !== "object") return value;
  const made = safeText(value);
  if (made !== undefined) return made.text;
  const ns = nanosecondsOf(value);
  if (ns !== undefined) return Number(ns);
  if (isList(value)) return value.map(jsonOf);
  const names = jsonNamesOf(value);
  if (names !== undefined)
    return Object.fromEntries(names.map(([field, json]) => [json, jsonOf(value[field])]));
  const sorted = Object.keys(value).toSorted();
  return Object.fromEntries(sorted.map((name) => [name, jsonOf(value[name])]));
}

function unescaped(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll("+", " "));
  } catch {
    throw new ExecutionError("error calling urlUnescape: invalid URL escape");
  }
}

function decoded(value: string): string {
  if (!/^[\w-]*={0,2}$/.test(value) || value.length % 4 !== 0)
    throw new ExecutionError("error calling base64decode: illegal base64 data");
  return Buffer.from(value, "base64url").toString("utf8");
}

function dict(...values: readonly Value[]): Value {
  if (values.length % 2 !== 0)
    throw new ExecutionError("error calling dict: dict requires an even number of arguments");
  const made: Record<string, Value> = {};
  for (let i = 0; i < values.length; i += 2) {
    const key = values[i];
    if (typeof key !== "string")
      throw new ExecutionError("error calling dict: dict keys must be strings");
    Object.defineProperty(made, key, {
      value: values[i + 1],
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return made;
}

const fixed: Readonly<Record<string, TemplateFunction>> = {
  ...goFunctions,
  html: (...args) => textFunctions["html"]?.(...args),
  js: (...args) => textFunctions["js"]?.(...args),
  urlquery: (value) => goQueryEscape(textOf(value)),
  toUpper: (value) => text(value).toUpperCase(),
  toLower: (value) => text(value).toLowerCase(),
  title: (value) => title(text(value)),
  trimSpace: (value) => text(value).trim(),
  join: (separator, list) => listOf(list).map(textOf).join(text(separator)),
  match: (pattern, value) => matchesRegex(text(pattern), text(value)),
  safeHtml: (value) => safe("html", text(value)),
  safeUrl: (value) => safe("url", text(value)),
  urlUnescape: (value) => unescaped(text(value)),
  reReplaceAll: (pattern, to, value) => replaceMatches(text(pattern), text(value), text(to), false),
  stringSlice: (...values) => values.map(text),
  date: (layout, time) => formatTime(timeOf(time), text(layout)),
  tz: (name, time) => inZone(text(name), timeOf(time)),
  humanizeDuration: (value) => humanizeDuration(secondsOf(value)),
  toDate: (layout, value) => parseTime(text(layout), text(value)) ?? zeroTime,
  mustToDate: (layout, value) => mustToDate(text(layout), text(value)),
  toJson: (value) => toJson(value),
  base64encode: (value) =>
    Buffer.from(text(value)).toString("base64url").padEnd(paddedLength(value), "="),
  base64decode: (value) => decoded(text(value)),
  list: (...values) => [...values],
  append: (list, ...values) => [...listOf(list), ...values],
  dict,
};

function paddedLength(value: Value): number {
  return Math.ceil(Buffer.byteLength(text(value)) / 3) * 4;
}

/** Names of all functions that templates of notifications may call. */
export const notificationFunctionNames: ReadonlySet<string> = new Set([
  ...Object.keys(fixed),
  "now",
  "since",
  "routeLabels",
]);

/** Functions of Alertmanager's templates (docs/notifications.md), with Go's own. */
export function notificationFunctions(
  nowMs: number,
  routeLabel: (name: string) => string,
): ReadonlyMap<string, TemplateFunction> {
  const now = BigInt(nowMs) * 1_000_000n;
  return new Map<string, TemplateFunction>([
    ...Object.entries(fixed),
    ["now", () => new TemplateTime(now)],
    ["since", (time) => durationOf(now - timeOf(time).ns)],
    ["routeLabels", (name) => routeLabel(text(name))],
  ]);
}
