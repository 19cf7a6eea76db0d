import type { LogRow } from "../../../client/logs.ts";
import { jsonOf } from "./line_text.ts";

export type Column = { readonly name: string; readonly width: number };

const widthDefault = 120;
const widthMin = 48;
const widthMax = 800;
const columnsMax = 12;
const standard: readonly Column[] = [{ name: "service_name", width: 96 }];

/** `user:120,status:80` from the URL; without it, the service. "-" stands for none. */
export function parseColumns(text: string | undefined): readonly Column[] {
  if (text === undefined || text === "") return standard;
  if (text === "-") return [];
  const seen = new Set<string>();
  return text
    .split(",")
    .flatMap((piece): Column[] => {
      const [, name = "", width] = /^([^:,]{1,100})(?::(\d{1,4}))?$/.exec(piece) ?? [];
      if (name === "" || seen.has(name)) return [];
      seen.add(name);
      return [{ name, width: bounded(Number(width ?? widthDefault)) }];
    })
    .slice(0, columnsMax);
}

export function printColumns(columns: readonly Column[]): string {
  if (columns.length === 0) return "-";
  return columns.map(({ name, width }) => `${name}:${Math.round(width)}`).join(",");
}

export function withColumn(columns: readonly Column[], name: string): Column[] {
  if (columns.some((each) => each.name === name))
    return columns.filter((each) => each.name !== name);
  return [...columns, { name, width: widthDefault }];
}

/** A column moved by so many places. */
export function moved(columns: readonly Column[], name: string, by: -1 | 1): Column[] {
  const from = columns.findIndex((each) => each.name === name);
  const next = [...columns];
  const [taken] = next.splice(from, 1);
  if (taken !== undefined) next.splice(Math.max(0, from + by), 0, taken);
  return next;
}

export function resized(columns: readonly Column[], name: string, width: number): Column[] {
  return columns.map((each) => (each.name === name ? { name, width: bounded(width) } : each));
}

function bounded(width: number): number {
  return Math.min(widthMax, Math.max(widthMin, Math.round(width)));
}

/** A field of a line, by where it is found. */
export type RowField = {
  readonly name: string;
  readonly value: string;
  readonly source: "label" | "metadata" | "line";
  readonly parsers: readonly string[];
};

const found = new WeakMap<LogRow, ReadonlyMap<string, RowField>>();
const fieldsMax = 500;

/** All that is known of a line by name: its stream's labels, its metadata, what parsers or its own JSON say. */
export function fieldsOf(row: LogRow): ReadonlyMap<string, RowField> {
  const known = found.get(row);
  if (known !== undefined) return known;
  const fields = new Map<string, RowField>();
  const add = (
    name: string,
    value: string,
    source: RowField["source"],
    parsers: readonly string[],
  ) => {
    if (!fields.has(name) && fields.size < fieldsMax)
      fields.set(name, { name, value, source, parsers });
  };
  for (const [name, value] of Object.entries(row.stream)) add(name, value, "label", []);
  for (const [name, value] of Object.entries(row.metadata)) add(name, value, "metadata", []);
  const json = jsonOf(row.text);
  if (json !== undefined) flatten(json, "", (name, value) => add(name, value, "line", ["json"]));
  else for (const [name, value] of logfmtOf(row.text)) add(name, value, "line", ["logfmt"]);
  for (const [name, value] of Object.entries(row.parsed)) add(name, value, "line", []);
  found.set(row, fields);
  return fields;
}

/** One field's value, empty where the line has none; a line is only taken apart where its labels do not have the name. */
export function valueOf(row: LogRow, name: string): string {
  const { stream, metadata, parsed } = row;
  return stream[name] ?? metadata[name] ?? parsed[name] ?? fieldsOf(row).get(name)?.value ?? "";
}

/** As LogQL's json names them: parts of a path joined by underscores, lists left out. */
function flatten(value: object, prefix: string, add: (name: string, value: string) => void): void {
  if (Array.isArray(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    const name = prefix + key.replaceAll(/[^A-Za-z0-9_]/g, "_");
    const own: unknown = inner;
    if (typeof own === "object" && own !== null) flatten(own, `${name}_`, add);
    else add(name, own === null ? "" : typeof own === "string" ? own : JSON.stringify(own));
  }
}

const pairsMax = 100;

function logfmtOf(text: string): [string, string][] {
  const pairs: [string, string][] = [];
  const pair = /(?:^|\s)([A-Za-z_][\w.]{0,60})=("(?:[^"\\]|\\.){0,500}"|[^\s"]{1,500})/g;
  for (const [, name = "", value = ""] of text.slice(0, 5_000).matchAll(pair)) {
    if (pairs.length >= pairsMax) break;
    pairs.push([name.replaceAll(".", "_"), value.startsWith('"') ? value.slice(1, -1) : value]);
  }
  return pairs;
}
