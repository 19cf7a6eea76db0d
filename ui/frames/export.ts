import { seriesText } from "./legend.ts";
import type { Field, Frame } from "./frame.ts";

/** Frames as CSV (RFC 4180): series over one set of times as one table, others one below the other. Times are ISO 8601 in UTC. */
export function framesToCsv(frames: readonly Frame[]): string {
  return tablesOf(frames)
    .map(({ columns, length }) => {
      const lines = [columns.map(({ title }) => csvCell(title)).join(",")];
      for (let row = 0; row < length; row++) {
        lines.push(columns.map(({ field }) => csvCell(cellText(field, row))).join(","));
      }
      return `${lines.join("\r\n")}\r\n`;
    })
    .join("\r\n");
}

/** Frames as JSON, a list of rows for each; numbers that JSON has no word for are null or text. */
export function framesToJson(frames: readonly Frame[]): string {
  const written = frames.map(({ ref, name, length, fields, notices }) => ({
    ref,
    name,
    notices,
    fields: fields.map((field) => ({ name: field.name, type: field.type, labels: field.labels })),
    rows: Array.from({ length }, (_, row) => fields.map((field) => jsonCell(field, row))),
  }));
  return JSON.stringify(written, undefined, 2);
}

/** The same table with tabs between cells, as spreadsheets take it from the clipboard. */
export function framesToText(frames: readonly Frame[]): string {
  return tablesOf(frames)
    .map(({ columns, length }) => {
      const lines = [columns.map(({ title }) => tabCell(title)).join("\t")];
      for (let row = 0; row < length; row++) {
        lines.push(columns.map(({ field }) => tabCell(cellText(field, row))).join("\t"));
      }
      return lines.join("\n");
    })
    .join("\n\n");
}

/** Has the browser save a text under a name. */
export function download(name: string, mime: string, content: string | Blob): void {
  const blob = typeof content === "string" ? new Blob([content], { type: mime }) : content;
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName(name);
  link.click();
  // The browser takes the address in its own time.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** What every file system takes: titles come from outside. */
export function fileName(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N}._ -]+/gu, "_").replace(/^[. ]+|[. ]+$/g, "");
  return safe === "" ? "lapwing" : safe.slice(0, 150);
}

type Table = {
  readonly columns: readonly { readonly title: string; readonly field: Field }[];
  readonly length: number;
};

/** Frames of a time and numbers over the same times stand side by side. */
function tablesOf(frames: readonly Frame[]): Table[] {
  const tables: {
    columns: { title: string; field: Field }[];
    length: number;
    times: Field | undefined;
  }[] = [];
  for (const { fields, length } of frames) {
    if (fields.length === 0) continue;
    const [first, ...rest] = fields;
    const times =
      first?.type === "time" && rest.every(({ type }) => type === "number") ? first : undefined;
    const same = times && tables.find((table) => table.times && sameTimes(table.times, times));
    if (same !== undefined) same.columns.push(...rest.map(titled));
    else tables.push({ columns: fields.map(titled), length, times });
  }
  return tables;
}

function titled(field: Field): { title: string; field: Field } {
  return { title: field.options.display_name ?? (field.name || seriesText(field.labels)), field };
}

function sameTimes(a: Field, b: Field): boolean {
  if (a.values === b.values) return true;
  return a.values.length === b.values.length && a.values.every((value, i) => value === b.values[i]);
}

function cellText(field: Field, row: number): string {
  const value = field.values[row];
  if (value === undefined || value === null) return "";
  if (field.type === "time" && typeof value === "number") {
    return Math.abs(value) <= 8.64e15 ? new Date(value).toISOString() : "";
  }
  if (typeof value === "number") return Number.isNaN(value) ? "" : String(value);
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function jsonCell(field: Field, row: number): unknown {
  const value = field.values[row];
  if (typeof value !== "number") return value ?? null;
  if (field.type === "time") return cellText(field, row);
  return Number.isNaN(value) ? null : Number.isFinite(value) ? value : String(value);
}

/** Texts that a spreadsheet would run as a formula begin with an apostrophe: they come from outside. */
function csvCell(text: string): string {
  const isFormula = /^[=+\-@\t\r]/.test(text) && !/^[+-]?(?:\d|\.\d|Infinity)/.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function tabCell(text: string): string {
  return text.replace(/[\t\r\n]+/g, " ");
}
