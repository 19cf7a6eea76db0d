import type { LogEntry } from "../logql/evaluate.ts";
import { type FieldType, fieldTypeOf } from "./field_type.ts";
import { fieldsOfLine } from "./line_fields.ts";

export type DetectedField = {
  readonly name: string;
  readonly type: FieldType;
  readonly values: ReadonlySet<string>;
  /** What takes it from the line; empty for structured metadata. */
  readonly parsers: readonly string[];
  readonly path: readonly string[] | undefined;
};

type Found = {
  readonly name: string;
  readonly values: Set<string>;
  readonly parsers: Set<string>;
  path: readonly string[] | undefined;
  type: FieldType;
};

const errorLabels: ReadonlySet<string> = new Set(["__error__", "__error_details__"]);

/** The fields of entries that are no labels of their streams: structured metadata, and what stands in the lines. At most `fieldsMax`. */
export function detectFields(entries: readonly LogEntry[], fieldsMax: number): DetectedField[] {
  const found = new Map<string, Found>();
  const add = (name: string, value: string, parser?: string, path?: readonly string[]) => {
    let field = found.get(name);
    if (field === undefined) {
      if (found.size >= fieldsMax) return;
      const type = fieldTypeOf(value);
      found.set(name, (field = { name, values: new Set(), parsers: new Set(), path, type }));
    }
    field.values.add(value);
    if (parser !== undefined) field.parsers.add(parser);
  };
  for (const { stream, metadata, parsed, body } of entries) {
    for (const [name, value] of Object.entries(metadata)) add(name, value);
    const { parser, fields } = fieldsOfLine(body);
    for (const [name, value] of Object.entries(parsed))
      if (!errorLabels.has(name)) add(name, value, parser);
    for (const { name, value, path } of fields) {
      const clashes = Object.hasOwn(stream, name) || Object.hasOwn(metadata, name);
      const own = clashes ? `${name}_extracted` : name;
      if (!Object.hasOwn(parsed, own)) add(own, value, parser, path);
    }
  }
  return Array.from(found.values(), (field) => ({
    ...field,
    parsers: [...field.parsers],
  })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
