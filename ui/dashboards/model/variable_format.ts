import { dateText } from "../../units/date_text.ts";

/** How values are written, by Grafana's names. `values` has one where `isMulti` is false. */
const formats: Readonly<Record<string, (values: Values) => string>> = {
  glob: ({ values }) => (values.length > 1 ? `{${values.join(",")}}` : values.join("")),
  raw: ({ values }) => values.join(","),
  csv: ({ values }) => values.join(","),
  pipe: ({ values }) => values.join("|"),
  join: ({ values, args }) => values.join(args[0] ?? ","),
  distributed: ({ name, values }) =>
    values.map((value, i) => (i === 0 ? value : `${name}=${value}`)).join(","),
  json: ({ values, isMulti }) => (isMulti ? JSON.stringify(values) : values.join("")),
  regex: ({ values }) => grouped(values.map(regexEscaped)),
  html: ({ values }) => htmlEscaped(values.join(", ")),
  lucene,
  singlequote: ({ values }) => values.map((each) => `'${each.replaceAll("'", "\\'")}'`).join(","),
  doublequote: ({ values }) => values.map((each) => `"${each.replaceAll('"', '\\"')}"`).join(","),
  sqlstring: ({ values }) =>
    values
      .map((each) => `'${each.replaceAll("'", "''").replaceAll('"', String.raw`\"`)}'`)
      .join(","),
  percentencode: ({ values, isMulti }) =>
    encoded(isMulti ? `{${values.join(",")}}` : values.join("")),
  uriencode: ({ values, isMulti }) =>
    strict(encodeURI(wellFormed(isMulti ? `{${values.join(",")}}` : values.join("")))),
  queryparam: ({ name, values }) => values.map((each) => `var-${name}=${encoded(each)}`).join("&"),
  customqueryparam: ({ name, values, args }) =>
    values
      .map((each) => `${encoded(args[0] || name)}=${encoded(args[1] ?? "")}${encoded(each)}`)
      .join("&"),
  date: ({ values, args }) => formatDate(values[0] ?? "", args),
};

type Values = {
  readonly name: string;
  readonly values: readonly string[];
  readonly isMulti: boolean;
  readonly args: readonly string[];
};

/** Values as `format` ("csv", "date:YYYY-MM") writes them; an unknown format writes them as "glob" does. */
export function formatValues(
  name: string,
  values: readonly string[],
  isMulti: boolean,
  format: string | undefined,
): string {
  const [id = "glob", ...args] = (format ?? "glob").split(":");
  const write = Object.hasOwn(formats, id) ? formats[id] : undefined;
  return (write ?? ((each: Values) => formats["glob"]?.(each) ?? ""))({
    name,
    values,
    isMulti,
    args,
  });
}

function grouped(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? "") : `(${parts.join("|")})`;
}

function regexEscaped(text: string): string {
  return text.replaceAll(/[\\^$*+?.()|[\]{}/]/g, String.raw`\$&`);
}

function lucene({ values, isMulti }: Values): string {
  if (!isMulti) return values.map(luceneEscaped).join("");
  if (values.length === 0) return "__empty__";
  return `(${values.map((each) => `"${luceneEscaped(each)}"`).join(" OR ")})`;
}

function luceneEscaped(text: string): string {
  if (!Number.isNaN(Number(text))) return text;
  return text.replaceAll(/[!*+\-=<>\s&|()[\]{}^~?:\\/"]/g, String.raw`\$&`);
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
function htmlEscaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (each) => entities[each] ?? each);
}

function encoded(text: string): string {
  return strict(encodeURIComponent(wellFormed(text)));
}

/** Half of a pair of surrogates would make the encoders throw. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}

function strict(text: string): string {
  return text.replaceAll(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A moment in Unix milliseconds: "iso" (the default), "seconds", "ms", or a pattern such as YYYY-MM-DD. */
function formatDate(text: string, args: readonly string[]): string {
  const ms = Number.parseInt(text, 10);
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return "NaN";
  const pattern = args.length === 0 ? "iso" : args.join(":");
  if (pattern === "ms") return text;
  if (pattern === "seconds") return String(Math.round(ms / 1_000));
  if (pattern === "iso") return new Date(ms).toISOString();
  return dateText(ms, pattern, "browser");
}
