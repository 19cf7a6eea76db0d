import type { LogEntry } from "../logql/evaluate.ts";
import { fieldsOfLine } from "./line_fields.ts";

/** Where a field of an entry stands: label of its stream, structured metadata, made by the pipeline or in the line. */
export type FieldSource = "label" | "metadata" | "line";
export type EntryField = {
  readonly name: string;
  readonly value: string;
  readonly source: FieldSource;
};

const errorLabels: ReadonlySet<string> = new Set(["__error__", "__error_details__"]);

/** All fields of an entry, each name once: those of the stream before metadata, these before what stands in the line. */
export function fieldsOfEntry({ stream, metadata, parsed, body }: LogEntry): EntryField[] {
  const seen = new Set<string>();
  const fields: EntryField[] = [];
  const add = (name: string, value: string, source: FieldSource) => {
    if (value === "" || seen.has(name)) return;
    seen.add(name);
    fields.push({ name, value, source });
  };
  for (const name in stream) add(name, stream[name] ?? "", "label");
  for (const name in metadata) add(name, metadata[name] ?? "", "metadata");
  for (const name in parsed) if (!errorLabels.has(name)) add(name, parsed[name] ?? "", "line");
  for (const { name, value } of fieldsOfLine(body).fields) add(name, value, "line");
  return fields;
}
