import { LineCounter, parseDocument, stringify } from "yaml";
import { z } from "zod";
import { Dashboard } from "#shared/dashboards/dashboard.ts";
import { messageOf } from "#shared/errors.ts";

/** A mistake in a dashboard as code; `line` from 1 where it is known. */
export type CodeMistake = { readonly line: number | undefined; readonly message: string };

export type CodeFormat = "json" | "yaml";

/** A dashboard as text: members in the schema's order, those that have their default left out. */
export function toCode(dashboard: Dashboard, format: CodeFormat): string {
  const plain = withoutDefaults(dashboard, Dashboard);
  if (format === "json") return `${JSON.stringify(plain, undefined, 2)}\n`;
  return stringify(plain, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Reads a dashboard from text; JSON is YAML, too. Every mistake is told with its line. */
export function fromCode(
  text: string,
):
  | { readonly dashboard: Dashboard; readonly mistakes: readonly [] }
  | { readonly dashboard: undefined; readonly mistakes: readonly CodeMistake[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const mistakes = document.errors.map(({ pos, message }) => ({
      line: lines.linePos(pos[0]).line,
      message,
    }));
    return { dashboard: undefined, mistakes };
  }
  let value: unknown;
  try {
    // Few aliases: a file that repeats itself a million times is refused.
    value = document.toJS({ maxAliasCount: 100 });
  } catch (thrown) {
    return { dashboard: undefined, mistakes: [{ line: undefined, message: messageOf(thrown) }] };
  }
  const result = Dashboard.safeParse(value);
  if (result.success) return { dashboard: result.data, mistakes: [] };
  const mistakes = result.error.issues.map((issue) => ({
    line: lineOf(document, lines, issue.path),
    message: mistakeText(issue),
  }));
  return { dashboard: undefined, mistakes };
}

function mistakeText(issue: z.core.$ZodIssue): string {
  const path = issue.path
    .map((part, i) =>
      typeof part === "number" ? `[${part}]` : `${i === 0 ? "" : "."}${String(part)}`,
    )
    .join("");
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}

/** Of the member, or of the nearest that there is around it. */
function lineOf(
  document: ReturnType<typeof parseDocument>,
  lines: LineCounter,
  path: readonly PropertyKey[],
): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)) {
      const [start]: unknown[] = node.range;
      if (typeof start === "number") return lines.linePos(start).line;
    }
  }
  return undefined;
}

/** The value without members that the schema would give by itself. */
function withoutDefaults(value: unknown, schema: z.core.$ZodType): unknown {
  const inner = unwrapped(schema);
  if (Array.isArray(value)) {
    return inner instanceof z.ZodArray
      ? value.map((each) => withoutDefaults(each, inner.element))
      : value;
  }
  if (typeof value !== "object" || value === null) return value;
  const shape = shapeOf(inner, value);
  if (shape === undefined) return value;
  const own = new Map(Object.entries(value));
  return Object.fromEntries(
    Object.entries(shape).flatMap(([key, member]) => {
      const given = own.get(key);
      if (given === undefined || isDefault(given, member)) return [];
      return [[key, withoutDefaults(given, member)]];
    }),
  );
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return unwrapped(schema.unwrap());
  return schema;
}

function shapeOf(
  schema: z.core.$ZodType,
  value: object,
): Readonly<Record<string, z.core.$ZodType>> | undefined {
  if (schema instanceof z.ZodObject) return schema.shape;
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return undefined;
  const kind: unknown = Object.entries(value).find(([key]) => key === "kind")?.[1];
  for (const option of schema.options) {
    if (!(option instanceof z.ZodObject)) continue;
    const literal: unknown = option.shape["kind"];
    if (literal instanceof z.ZodLiteral && literal.safeParse(kind).success) return option.shape;
  }
  return undefined;
}

function isDefault(value: unknown, schema: z.core.$ZodType): boolean {
  return (
    schema instanceof z.ZodDefault &&
    JSON.stringify(schema.def.defaultValue) === JSON.stringify(value)
  );
}
