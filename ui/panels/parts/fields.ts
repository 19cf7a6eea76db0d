import type { Field, Frame } from "../../frames/frame.ts";

export function timeOf(frame: Frame): Field | undefined {
  return frame.fields.find(({ type }) => type === "time");
}

export function numbersOf(frame: Frame): Field[] {
  return frame.fields.filter(({ type }) => type === "number");
}

export function textsOf(frame: Frame): Field[] {
  return frame.fields.filter(({ type }) => type === "string");
}

/** The field of this name, shown or own; of several the first. */
export function fieldNamed(frame: Frame, name: string): Field | undefined {
  return (
    frame.fields.find((field) => field.options.display_name === name) ??
    frame.fields.find((field) => field.name === name)
  );
}

/** The field whose name is one of these, whatever its case. */
export function fieldCalled(frame: Frame, names: readonly string[]): Field | undefined {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  return frame.fields.find(
    ({ name, options }) =>
      wanted.has(name.toLowerCase()) || wanted.has(options.display_name?.toLowerCase() ?? ""),
  );
}

/** NaN for what is no number. */
export function numberAt(field: Field | undefined, i: number): number {
  const value = field?.values[i];
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

/** Whether a field is left out of the picture by its own option. */
export function isHidden(field: Field): boolean {
  return field.options.custom?.["hide"] === true;
}
