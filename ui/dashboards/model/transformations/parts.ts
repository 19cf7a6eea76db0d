import type { Field, FieldType, Frame } from "../../../frames/frame.ts";
import { fieldName } from "../field_options.ts";
import { numberOf } from "../values.ts";

/** Options of a transformation as they come from a document. */
export type Options = Readonly<Record<string, unknown>>;
/** Makes other frames of frames. Options are Grafana's, and nothing of them is trusted. */
export type Transformer = (frames: readonly Frame[], options: Options) => readonly Frame[];

export { fieldName } from "../field_options.ts";

export function isRecord(value: unknown): value is Options {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function recordOf(value: unknown): Options {
  return isRecord(value) ? value : {};
}

export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

export function recordsOf(value: unknown): readonly Options[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

export function textOr(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A number of the options, written as one or as text. */
export function numberOr(value: unknown, otherwise: number): number {
  const number = numberOf(value);
  return Number.isFinite(number) ? number : otherwise;
}

/** A column made here: without labels and options of its own. */
export function column(name: string, type: FieldType, values: readonly unknown[]): Field {
  return { name, type, labels: {}, values: typedValues(type, values), options: {} };
}

/** The field with other values, in the form of its type. */
export function withValues(
  field: Field,
  values: readonly unknown[],
  type: FieldType = field.type,
): Field {
  return { ...field, type, values: typedValues(type, values) };
}

function typedValues(type: FieldType, values: readonly unknown[]): Field["values"] {
  return type === "number" || type === "time" ? Float64Array.from(values, numberOf) : values;
}

/** Named anew, for everything that comes after. */
export function renamed(field: Field, name: string): Field {
  const { display_name: _old, ...options } = field.options;
  return { ...field, name, options };
}

/** The rows of these numbers, in their order. */
export function picked(frame: Frame, rows: readonly number[]): Frame {
  return {
    ...frame,
    length: rows.length,
    fields: frame.fields.map((field) =>
      withValues(
        field,
        rows.map((row) => field.values[row]),
      ),
    ),
  };
}

export function fieldNamed(frame: Frame, name: string | undefined): Field | undefined {
  if (name === undefined) return undefined;
  return (
    frame.fields.find((each) => fieldName(each) === name) ??
    frame.fields.find((each) => each.name === name)
  );
}

export function timeFieldOf(frame: Frame): Field | undefined {
  return frame.fields.find(({ type }) => type === "time");
}

export function isMissing(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === "" ||
    (typeof value === "number" && Number.isNaN(value))
  );
}

/** A key that tells values apart by type, too. */
export function keyOf(values: readonly unknown[]): string {
  return JSON.stringify(values.map((value) => (typeof value === "number" ? `n${value}` : value)));
}

/** What is said about all of the frames, each once. */
function noticesOf(frames: readonly Frame[]): readonly string[] {
  return [...new Set(frames.flatMap(({ notices }) => notices))];
}

export function frameOf(fields: readonly Field[], from: readonly Frame[], name = ""): Frame {
  const refs = new Set(from.map(({ ref }) => ref));
  return {
    ref: refs.size === 1 ? (from[0]?.ref ?? "") : [...refs].join("-"),
    name,
    length: fields.reduce((most, { values }) => Math.max(most, values.length), 0),
    fields,
    notices: noticesOf(from),
  };
}

const reducerNames: Readonly<Record<string, string>> = {
  last: "Last",
  lastNotNull: "Last *",
  first: "First",
  firstNotNull: "First *",
  min: "Min",
  max: "Max",
  mean: "Mean",
  sum: "Total",
  count: "Count",
  range: "Range",
  delta: "Delta",
  step: "Step",
  diff: "Difference",
  diffperc: "Difference percent",
  logmin: "Min (above zero)",
  allIsZero: "All Zeros",
  allIsNull: "All Nulls",
  changeCount: "Change Count",
  distinctCount: "Distinct Count",
  allValues: "All values",
  uniqueValues: "All unique values",
  median: "Median",
  variance: "Variance",
  stdDev: "StdDev",
};

/** The column of a reducer as Grafana calls it: overrides and later transformations name it so. */
export function reducerColumn(id: string): string {
  const share = /^p(\d{1,2}(?:\.\d+)?)$/.exec(id)?.[1];
  if (share !== undefined) return `${share}th %`;
  return Object.hasOwn(reducerNames, id) ? (reducerNames[id] ?? id) : id;
}
