import { parseDuration } from "../text/duration.ts";
import { formatGoDuration, parseFloat64 } from "../text/go_units.ts";
import type { Labels } from "../model/labels.ts";
import { type TemplateFunction, goFunctions } from "./functions.ts";
import { printf } from "./printf.ts";
import { textOf } from "./text.ts";
import { matchesRegex, replaceMatches, textFunctions } from "./text_functions.ts";
import {
  ExecutionError,
  TemplateTime,
  type Value,
  isList,
  isMap,
  memberOf,
  typed,
} from "./values.ts";

/** A sample of a query in a template. */
export type TemplateSample = { readonly labels: Labels; readonly value: number };

/** What a template of a rule may ask of its surroundings. */
export type AlertScope = {
  /** Samples of an instant query. Throws where the answer is not there. */
  readonly query: (text: string) => readonly TemplateSample[];
  readonly externalUrl: string;
  readonly nowMs: number;
};

const larger = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
const binary = ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
const smaller = ["m", "u", "n", "p", "f", "a", "z", "y"];

/** A number, or a text that is one. Throws ExecutionError. */
export function numberOf(value: Value): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "string") {
    const parsed = parseFloat64(value);
    if (parsed !== undefined) return parsed;
    throw new ExecutionError(
      `strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`,
    );
  }
  throw new ExecutionError(`can't convert ${typeof value} to float`);
}

/** Four significant digits, as Go's %.4g. */
function short(value: number): string {
  return printf("%.4g", [value]);
}

function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return short(value);
  return Math.abs(value) >= 1 ? enlarged(value, 1_000, larger) : reduced(value);
}

function enlarged(value: number, base: number, prefixes: readonly string[]): string {
  let [rest, prefix] = [value, ""];
  for (const next of prefixes) {
    if (Math.abs(rest) < base) break;
    prefix = next;
    rest /= base;
  }
  return short(rest) + prefix;
}

function reduced(value: number): string {
  let [rest, prefix] = [value, ""];
  for (const next of smaller) {
    if (Math.abs(rest) >= 1) break;
    prefix = next;
    rest *= 1_000;
  }
  return short(rest) + prefix;
}

function humanize1024(value: number): string {
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return short(value);
  return enlarged(value, 1_024, binary);
}

/** Seconds for people: "1h 2m 3s". */
export function humanizeDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return short(seconds);
  if (seconds === 0) return "0s";
  if (Math.abs(seconds) < 1) return `${reduced(seconds)}s`;
  const sign = seconds < 0 ? "-" : "";
  const size = Math.abs(seconds);
  const whole = Math.trunc(size);
  const [s, m, h, d] = [
    whole % 60,
    Math.trunc(whole / 60) % 60,
    Math.trunc(whole / 3_600) % 24,
    Math.trunc(whole / 86_400),
  ];
  if (d > 0) return `${sign}${d}d ${h}h ${m}m ${s}s`;
  if (h > 0) return `${sign}${h}h ${m}m ${s}s`;
  return m > 0 ? `${sign}${m}m ${s}s` : `${sign}${short(size)}s`;
}

/** Unix seconds, to the millisecond. */
function timeOf(seconds: number): TemplateTime {
  if (!Number.isFinite(seconds)) throw new ExecutionError("value is NaN or Inf");
  const ms = Math.trunc(seconds * 1_000);
  if (Math.abs(ms) > 9.2e15)
    throw new ExecutionError(
      `${seconds} cannot be represented as a nanoseconds timestamp since it overflows int64`,
    );
  return new TemplateTime(BigInt(ms) * 1_000_000n);
}

function humanizeTimestamp(seconds: number): string {
  return Number.isFinite(seconds) ? textOf(timeOf(seconds)) : short(seconds);
}

function sampleOf({ labels, value }: TemplateSample): Value {
  return { Labels: labelsValue(labels), Value: value };
}

/** Labels as a template has them: a missing one is the empty text. */
export function labelsValue(labels: Labels): { readonly [name: string]: Value } {
  return typed({ ...labels }, { methods: {}, missing: "" });
}

function samplePart(sample: Value, part: "Labels" | "Value"): Value {
  if (isMap(sample)) return sample[part];
  throw new ExecutionError("wrong type for value; expected a sample");
}

function labelOf(name: Value, sample: Value): Value {
  const labels = samplePart(sample, "Labels");
  return isMap(labels) ? (memberOf(labels, textOf(name)) ?? "") : "";
}

function listOf(value: Value): readonly Value[] {
  if (isList(value)) return value;
  throw new ExecutionError("wrong type for value; expected a list of samples");
}

/** Host of `host:port`; the text itself where there is no port. */
function withoutPort(address: string): string {
  const found = /^(?:\[([^\]]*)\]|([^:]*)):(?:[^:]*)$/.exec(address);
  return found?.[1] ?? found?.[2] ?? address;
}

function withoutDomain(address: string): string {
  const host = withoutPort(address);
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(host) || host.includes(":");
  if (isAddress) return address;
  const dot = host.indexOf(".");
  return (dot < 0 ? host : host.slice(0, dot)) + address.slice(host.length);
}

/** Go's url.QueryEscape. */
export function goQueryEscape(text: string): string {
  return encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

function graphPath(expression: string, tab: 0 | 1): string {
  return `/graph?g0.expr=${goQueryEscape(expression)}&g0.tab=${tab}`;
}

const fixed: Readonly<Record<string, TemplateFunction>> = {
  ...goFunctions,
  html: (...args) => textFunctions["html"]?.(...args),
  js: (...args) => textFunctions["js"]?.(...args),
  urlquery: (text) => goQueryEscape(textOf(text)),
  urlQueryEscape: (text) => goQueryEscape(textOf(text)),
  first: (list) => {
    const [one] = listOf(list);
    if (one === undefined)
      throw new ExecutionError("error calling first: first() called on vector with no elements");
    return one;
  },
  label: (name, sample) => labelOf(name, sample),
  value: (sample) => samplePart(sample, "Value"),
  strvalue: (sample) => labelOf("__value__", sample),
  args: (...args) => Object.fromEntries(args.map((arg, i) => [`arg${i}`, arg])),
  reReplaceAll: (pattern, to, text) =>
    replaceMatches(textOf(pattern), textOf(text), textOf(to), false),
  safeHtml: (text) => textOf(text),
  match: (pattern, text) => matchesRegex(textOf(pattern), textOf(text)),
  title: (text) => textFunctions["title"]?.(text),
  toUpper: (text) => textOf(text).toUpperCase(),
  toLower: (text) => textOf(text).toLowerCase(),
  graphLink: (text) => graphPath(textOf(text), 0),
  tableLink: (text) => graphPath(textOf(text), 1),
  sortByLabel: (name, list) =>
    listOf(list).toSorted((a, b) =>
      Buffer.compare(Buffer.from(textOf(labelOf(name, a))), Buffer.from(textOf(labelOf(name, b)))),
    ),
  stripPort: (address) => withoutPort(textOf(address)),
  stripDomain: (address) => withoutDomain(textOf(address)),
  humanize: (value) => humanize(numberOf(value)),
  humanize1024: (value) => humanize1024(numberOf(value)),
  humanizeDuration: (value) => humanizeDuration(numberOf(value)),
  humanizePercentage: (value) => `${short(numberOf(value) * 100)}%`,
  humanizeTimestamp: (value) => humanizeTimestamp(numberOf(value)),
  toTime: (value) => timeOf(numberOf(value)),
  toDuration: (value) => formatGoDuration(Math.trunc(numberOf(value) * 1e9)),
  parseDuration: (text) => {
    const ms = parseDuration(textOf(text));
    if (ms === undefined)
      throw new ExecutionError(`not a valid duration string: ${JSON.stringify(textOf(text))}`);
    return ms / 1_000;
  },
};

const ofScope = ["query", "now", "externalURL", "pathPrefix"] as const;

/** Names of all functions that templates of rules may call: Go's text/template's, and Prometheus's. */
export const alertFunctionNames: ReadonlySet<string> = new Set([...Object.keys(fixed), ...ofScope]);

/** Functions of templates in rules, as Prometheus has them (template/template.go). */
export function alertFunctions({
  query,
  externalUrl,
  nowMs,
}: AlertScope): ReadonlyMap<string, TemplateFunction> {
  const path = URL.canParse(externalUrl) ? new URL(externalUrl).pathname : "";
  return new Map<string, TemplateFunction>([
    ...Object.entries(fixed),
    ["query", (text) => query(textOf(text)).map(sampleOf)],
    ["now", () => nowMs / 1_000],
    ["externalURL", () => externalUrl],
    ["pathPrefix", () => path],
  ]);
}
