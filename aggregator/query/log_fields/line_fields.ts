/** A field that stands in a line. */
export type LineField = {
  /** As a label: other characters than letters, digits and `_` are `_`. */
  readonly name: string;
  readonly value: string;
  /** The keys that lead to it, in JSON. */
  readonly path: readonly string[] | undefined;
};

export type LineFields = {
  readonly parser: "json" | "logfmt" | undefined;
  readonly fields: readonly LineField[];
};

/** Lines are looked at so far. */
const charsMax = 64 * 1_024;
const fieldsMax = 256;
/** Deeper values are left out: names of so many parts are no names any more. */
const depthMax = 16;
const none: LineFields = { parser: undefined, fields: [] };

/** The fields of a line that is a JSON object or holds `key=value` pairs (logfmt); the first of equal names. */
export function fieldsOfLine(line: string): LineFields {
  if (line.length > charsMax) return none;
  const json = line.trimStart().startsWith("{") ? jsonFields(line) : undefined;
  if (json !== undefined) return { parser: "json", fields: json };
  const fields = logfmtFields(line);
  return fields.length === 0 ? none : { parser: "logfmt", fields };
}

function jsonFields(line: string): LineField[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Not JSON, or nested deeper than any reader follows.
    return undefined;
  }
  const found = new Map<string, LineField>();
  if (typeof value === "object" && value !== null) walk(value, [], found);
  return [...found.values()];
}

function walk(object: object, path: readonly string[], found: Map<string, LineField>): void {
  for (const [key, value] of Object.entries(object) as [string, unknown][]) {
    if (found.size >= fieldsMax) return;
    const own = [...path, key];
    // Arrays have no names for what is in them.
    if (value === null || Array.isArray(value)) continue;
    if (typeof value === "object") {
      if (own.length < depthMax) walk(value, own, found);
      continue;
    }
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
      continue;
    const name = cleanName(own.join("_"));
    if (name !== "" && !found.has(name)) found.set(name, { name, value: String(value), path: own });
  }
}

const pair = /([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)/g;

function logfmtFields(line: string): LineField[] {
  const found = new Map<string, LineField>();
  if (!line.includes("=")) return [];
  for (const [, key = "", quoted, plain = ""] of line.matchAll(pair)) {
    const name = cleanName(key);
    const value = quoted === undefined ? plain : unescaped(quoted);
    if (name === "" || value === "" || found.has(name)) continue;
    found.set(name, { name, value, path: undefined });
    if (found.size >= fieldsMax) break;
  }
  return [...found.values()];
}

function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}

function cleanName(text: string): string {
  const clean = text.replaceAll(/[^A-Za-z0-9_]/g, "_");
  return /^\d/.test(clean) ? `_${clean}` : clean;
}
