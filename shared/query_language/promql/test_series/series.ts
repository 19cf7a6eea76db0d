import { type Labels } from "../../../model/labels.ts";
import { parseNumber } from "../literals.ts";
import { parsePromql } from "../parse.ts";
import { parseHistograms, type Point } from "./histograms.ts";

/** A series of a script or test file: its labels, and its points at multiples of a step. */
export type TestSeries = { readonly labels: Labels; readonly points: readonly Point[] };

/** `name{label="x"} 1+1x3 _ stale`: a selector of labels and points, in Prometheus's notation. Throws an Error. */
export function parseTestSeries(entry: string): TestSeries {
  const { name, rest } = splitSeries(entry);
  return { labels: parseTestLabels(name), points: parsePoints(rest) };
}

export function splitSeries(entry: string): { readonly name: string; readonly rest: string } {
  let at = 0;
  let braces = 0;
  let quoted = false;
  while (at < entry.length && (braces > 0 || !/\s/.test(entry[at] ?? ""))) {
    const character = entry[at];
    if (character === "\\" && quoted) at++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === "{") braces++;
    else if (!quoted && character === "}") braces--;
    at++;
  }
  return { name: entry.slice(0, at), rest: entry.slice(at) };
}

/** Throws an Error. */
export function parseTestLabels(text: string): Labels {
  if (/^\{\s*\}$/.test(text)) return {};
  // An extra matcher, so that a set of empty labels is still a selector.
  const { expr } = parsePromql(text);
  if (expr.kind !== "selector") throw new Error(`not a series: ${text}`);
  return Object.fromEntries(
    expr.matchers.filter(({ value }) => value !== "").map(({ name, value }) => [name, value]),
  );
}

const number = String.raw`[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[iI]nf|NaN)`;
const repeated = new RegExp(`^(${number})(?:([+-])(${number}))?x(\\d+)$`);

/** Throws an Error. */
export function parsePoints(text: string): Point[] {
  const points: Point[] = [];
  for (const token of text.match(/\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x\d+)?|\S+/g) ?? []) {
    const histograms = parseHistograms(token);
    const gaps = /^_(?:x(\d+))?$/.exec(token);
    const series = repeated.exec(token);
    if (histograms !== undefined) points.push(...histograms);
    else if (gaps !== null) {
      for (let i = 0; i < Number(gaps[1] ?? 1); i++) points.push("gap");
    } else if (token === "stale") points.push("stale");
    else if (series !== null) {
      const [, first = "", sign, by = "0", times = "0"] = series;
      const step = numberOf(by) * (sign === "-" ? -1 : 1);
      let value = numberOf(first);
      for (let i = 0; i <= Number(times); i++) {
        points.push(value);
        value += step;
      }
    } else points.push(numberOf(token));
  }
  return points;
}

function numberOf(text: string): number {
  const value = text.startsWith("-")
    ? negated(text.slice(1))
    : parseNumber(text.replace(/^\+/, ""));
  if (value === undefined) throw new Error(`not a value: ${text}`);
  return value;
}

/** The number of a text whose minus sign is taken away. */
export function negated(text: string): number | undefined {
  const value = parseNumber(text);
  return value === undefined ? undefined : -value;
}
