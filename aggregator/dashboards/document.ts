import type { z } from "zod";
import { Dashboard } from "#shared/dashboards/dashboard.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";

/** Whose format a document is in: Lapwing's (shared/dashboards/dashboard.ts), or Grafana's classic JSON, kept as it is. */
export type DocumentFormat = "lapwing" | "grafana";

/** A document that may be kept. */
export type CheckedDocument = {
  readonly format: DocumentFormat;
  /** JSON, as it was written. */
  readonly json: string;
  /** What a list shows of it. */
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly panels: number;
  /** The one that Grafana's documents carry; empty for none. */
  readonly uid: string;
};

/** Far more than a person writes: 500 panels are some 500 KB. */
export const documentBytesMax = 4 * 1_024 * 1_024;
const mistakesMax = 50;
const shownCharactersMax = 80;

/**
 * JSON or YAML, in either format. Throws OperatingError "bad_request" with all mistakes, each with its path, the value and what was
 * expected; `name` says whose they are.
 */
export function readDocument(text: string, kind: "json" | "yaml", name: string): CheckedDocument {
  if (Buffer.byteLength(text) > documentBytesMax)
    throw bad(`${name}: ${Buffer.byteLength(text)} bytes, expected at most ${documentBytesMax}`);
  return checkDocument(parsed(text, kind, name), name);
}

/** The same for what is parsed already. */
function checkDocument(value: unknown, name: string): CheckedDocument {
  return isGrafana(value) ? grafanaDocument(value) : lapwingDocument(value, name);
}

/** Only Lapwing's. */
export function lapwingDocument(value: unknown, name: string): CheckedDocument {
  const result = Dashboard.safeParse(value);
  if (!result.success) throw bad(mistakesText(result.error, value, name));
  const { title, description = "", tags, rows } = result.data;
  const panels = rows.reduce((sum, row) => sum + row.panels.length, 0);
  const facts = { title, description, tags, panels, uid: "" };
  return { format: "lapwing", json: JSON.stringify(value), ...withoutNul(facts) };
}

/** Grafana's, which only the interface brings over: kept as it is, what a list shows is taken from it. */
export function grafanaDocument(value: Readonly<Record<string, unknown>>): CheckedDocument {
  const textOf = (key: string) => (typeof value[key] === "string" ? value[key] : "");
  const tags = Array.isArray(value["tags"]) ? value["tags"] : [];
  const facts = {
    title: textOf("title").slice(0, 200) || "Untitled",
    description: textOf("description").slice(0, 10_000),
    tags: tags.filter((tag) => typeof tag === "string").slice(0, 100),
    panels: panelsOf(value),
    uid: textOf("uid"),
  };
  return { format: "grafana", json: JSON.stringify(value), ...withoutNul(facts) };
}

/** PostgreSQL's text has no place for U+0000. */
function withoutNul<Facts extends { title: string; description: string; tags: readonly string[] }>(
  facts: Facts,
): Facts {
  const { title, description, tags } = facts;
  return {
    ...facts,
    title: clean(title),
    description: clean(description),
    tags: tags.map(clean),
  };
}

function clean(text: string): string {
  return text.replaceAll("\0", "");
}

/** By what Grafana always writes and Lapwing never has. */
function isGrafana(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  return ["schemaVersion", "panels", "templating", "gnetId", "__inputs"].some((key) =>
    Object.hasOwn(value, key),
  );
}

/** Rows hold panels where they are closed. Those of before version 16 are under `rows`. */
function panelsOf(value: Readonly<Record<string, unknown>>): number {
  const lists = [value["panels"], ...itemsOf(value["rows"]).map((row) => row["panels"])];
  return lists
    .flatMap(itemsOf)
    .reduce(
      (sum, panel) => sum + (panel["type"] === "row" ? itemsOf(panel["panels"]).length : 1),
      0,
    );
}

function itemsOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(text: string, kind: "json" | "yaml", name: string): unknown {
  try {
    return kind === "json" ? JSON.parse(text) : Bun.YAML.parse(text);
  } catch (cause) {
    const written = kind === "json" ? "JSON" : "YAML";
    throw bad(`${name}: no ${written}: ${messageOf(cause)}`, cause);
  }
}

function mistakesText(error: z.ZodError, value: unknown, name: string): string {
  const mistakes = error.issues.flatMap((issue) => mistakesOf(issue, value));
  const more = mistakes.length - mistakesMax;
  return [
    ...mistakes.slice(0, mistakesMax).map((mistake) => `${name}: ${mistake}`),
    ...(more > 0 ? [`${name}: and ${more} more`] : []),
  ].join("\n");
}

function mistakesOf(issue: z.core.$ZodIssue, root: unknown): string[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => `${placeOf([...issue.path, key])}: no such key`);
  if (issue.code === "invalid_union") {
    const closest = issue.errors.toSorted((a, b) => a.length - b.length)[0] ?? [];
    if (closest.length > 0)
      return closest.flatMap((inner) =>
        mistakesOf({ ...inner, path: [...issue.path, ...inner.path] }, root),
      );
  }
  const given = valueAt(root, issue.path);
  return [`${placeOf(issue.path)} is ${shown(given)}: ${issue.message}`];
}

/** "rows[0].panels[2].place.w". */
function placeOf(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>(
    (before, step) =>
      typeof step === "number"
        ? `${before}[${step}]`
        : `${before}${before === "" ? "" : "."}${String(step)}`,
    "",
  );
  return text === "" ? "(document)" : text;
}

function shown(value: unknown): string {
  if (value === undefined) return "absent";
  const text = JSON.stringify(value);
  return text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

function bad(message: string, cause?: unknown): OperatingError {
  return new OperatingError("bad_request", message, cause === undefined ? undefined : { cause });
}
