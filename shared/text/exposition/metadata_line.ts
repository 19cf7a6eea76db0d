import type { MetricType } from "../../model/metrics.ts";
import { ExpositionError } from "./exposition_error.ts";
import { lineKinds } from "./series_index.ts";
import { decodeUtf8, unescapeText } from "./series_text.ts";

/** What a line that begins with "#" says. */
export type MetadataLine =
  | { readonly kind: "comment" | "eof" }
  | { readonly kind: "help" | "unit"; readonly name: string; readonly text: string }
  | { readonly kind: "type"; readonly name: string; readonly type: MetricType };

const textTypes: ReadonlyMap<string, MetricType> = new Map([
  ["counter", "counter"],
  ["gauge", "gauge"],
  ["histogram", "histogram"],
  ["summary", "summary"],
  ["untyped", "unknown"],
]);
const openMetricsTypes: ReadonlyMap<string, MetricType> = new Map([
  ["unknown", "unknown"],
  ["gauge", "gauge"],
  ["counter", "counter"],
  ["stateset", "stateset"],
  ["info", "info"],
  ["histogram", "histogram"],
  ["gaugehistogram", "gaugehistogram"],
  ["summary", "summary"],
]);
const looseLine =
  /^#[ \t]+(HELP|TYPE)[ \t]+([a-zA-Z_:][a-zA-Z0-9_:]*|"(?:\\.|[^"\\])+")(?:[ \t]+([\s\S]*))?$/;
const strictLine =
  /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*|"(?:\\.|[^"\\])+") ?(?:(?<= )([\s\S]*))?$/;
const looseAttempt = /^#[ \t]+(?:HELP|TYPE)(?:[ \t]|$)/;

/** Reads bytes[start, end), a line without its end. `isStrict` is OpenMetrics, where no other comments exist. */
export function parseMetadataLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  isStrict: boolean,
): MetadataLine {
  const line = decodeUtf8(bytes, start, end);
  if (isStrict && line === "# EOF") return { kind: "eof" };
  const parts = (isStrict ? strictLine : looseLine).exec(line);
  if (parts === null) {
    if (!isStrict && !looseAttempt.test(line)) return { kind: "comment" };
    const expected = isStrict ? "expected HELP, TYPE, UNIT or EOF" : "expected a metric name";
    throw new ExpositionError(`${expected}, got ${JSON.stringify(line.slice(0, 200))}`, start);
  }
  const [, word, rawName = "", text = ""] = parts;
  const name = rawName.startsWith('"') ? unescapeText(rawName.slice(1, -1)) : rawName;
  if (word === "HELP") return { kind: "help", name, text: unescapeText(text) };
  if (word === "UNIT") {
    if (text !== "" && !name.endsWith(`_${text}`)) {
      throw new ExpositionError(`unit "${text}" is not the suffix of metric "${name}"`, start);
    }
    return { kind: "unit", name, text };
  }
  const given = isStrict ? text : text.trim();
  const type = (isStrict ? openMetricsTypes : textTypes).get(given);
  if (type === undefined) {
    throw new ExpositionError(`invalid metric type "${given.slice(0, 200)}"`, start);
  }
  return { kind: "type", name, type };
}

/** The number under which a line's kind is remembered. */
export function kindNumber(line: MetadataLine): number {
  return lineKinds[line.kind];
}

const suffixes: Readonly<Record<MetricType, readonly string[]>> = {
  counter: ["_total", "_created"],
  gauge: [],
  histogram: ["_bucket", "_count", "_sum", "_created"],
  gaugehistogram: ["_bucket", "_gcount", "_gsum"],
  summary: ["_count", "_sum", "_created"],
  info: ["_info"],
  stateset: [],
  unknown: [],
};

/** Whether a sample of this name is of the family; the bare name always is. */
export function belongsTo(family: { name: string; type: MetricType }, sample: string): boolean {
  if (!sample.startsWith(family.name)) return false;
  const suffix = sample.slice(family.name.length);
  return suffix === "" || suffixes[family.type].includes(suffix);
}
