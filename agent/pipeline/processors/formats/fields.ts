import { z } from "zod";
import type { Labels } from "#shared/model/labels.ts";
import { type Process, withinSteps } from "../processor.ts";
import type { Records } from "../records.ts";

/** Options of every processor that reads fields from text. */
export const fieldsShape = () => ({
  /** Where the text stands: "body", or the name of an attribute. */
  from: z.string().min(1).default("body"),
  /** drop: the body is emptied once its fields are read. */
  body: z.enum(["keep", "drop"]).default("keep"),
  /** This field becomes the body, and is no attribute. */
  body_from: z.string().min(1).optional(),
  /** Put before the name of each field. */
  prefix: z.string().default(""),
  /** Only these fields, by the names they have without the prefix; a map gives new names to them: {ts: time}. */
  fields: z
    .union([z.array(z.string().min(1)), z.record(z.string().min(1), z.string().min(1))])
    .optional(),
  /** What becomes of a record that can't be read. */
  on_error: z.enum(["keep", "drop"]).default("keep"),
});

export const FieldsConfig = z.lazy(() => z.strictObject(fieldsShape()));
export type FieldsConfig = z.output<typeof FieldsConfig>;

/** What was read from a text; time and severity where the format has them. */
export type ReadFields = {
  readonly fields: Record<string, string>;
  readonly timestampMs?: number | undefined;
  readonly nanos?: number | undefined;
  readonly severity?: number | undefined;
};

/** Reads the text of each record; `read` gives undefined for a text of another form. */
export function fieldsProcess(
  config: FieldsConfig,
  read: (text: string, records: Records, row: number) => ReadFields | undefined,
): Process {
  const only = wantedOf(config.fields);
  return (records, rows, count) => {
    for (const row of rows) {
      const text = records.source(row, config.from);
      const found =
        text === undefined ? undefined : withinSteps(count, () => read(text, records, row));
      if (found === undefined || !put(records, row, found, config, only)) {
        count.failed++;
        if (config.on_error === "drop") records.drop(row, "unparsed");
      } else count.changed++;
    }
  };
}

/** The names that each wanted field is to have; undefined where all are wanted. */
function wantedOf(
  fields: FieldsConfig["fields"],
): ReadonlyMap<string, readonly string[]> | undefined {
  if (fields === undefined) return undefined;
  const named = Array.isArray(fields) ? fields.map((name) => [name, name]) : Object.entries(fields);
  const wanted = new Map<string, string[]>();
  for (const [name = "", from = ""] of named) wanted.set(from, [...(wanted.get(from) ?? []), name]);
  return wanted;
}

function put(
  records: Records,
  row: number,
  { fields, timestampMs, nanos = 0, severity }: ReadFields,
  config: FieldsConfig,
  only: ReadonlyMap<string, readonly string[]> | undefined,
): boolean {
  const own: Record<string, string> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined || value === "" || name === config.body_from) continue;
    if (only === undefined) own[attributeName(config.prefix + name)] = value;
    else for (const to of only.get(name) ?? []) own[attributeName(config.prefix + to)] = value;
  }
  if (!records.addAttributes(row, own)) return false;
  const body = config.body_from === undefined ? undefined : fields[config.body_from];
  if (body !== undefined) records.setBody(row, body);
  else if (config.body === "drop") records.setBody(row, "");
  if (timestampMs !== undefined) records.setTime(row, timestampMs, nanos);
  if (severity !== undefined && severity > 0) records.setSeverity(row, severity);
  return true;
}

const names = new Map<string, string>();
const namesMax = 10_000;

/** As Loki writes names of fields: letters, digits and "_", no digit in front. */
function attributeName(name: string): string {
  let known = names.get(name);
  if (known !== undefined) return known;
  known = name.replaceAll(/[^a-zA-Z0-9_]/g, "_");
  if (/^\d/.test(known)) known = `_${known}`;
  if (names.size >= namesMax) names.clear();
  names.set(name, known);
  return known;
}

/** Labels without those named. */
export function without(labels: Labels | undefined, names_: ReadonlySet<string>): Labels {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([name]) => !names_.has(name)));
}
