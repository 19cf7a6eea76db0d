import { expect } from "bun:test";
import type { Field, Frame } from "../../frames/frame.ts";
import { transform } from "./transform.ts";
import { column } from "./transformations/parts.ts";

export const nan = Number.NaN;
export const frame = (ref: string, ...fields: Field[]): Frame => ({
  ref,
  name: "",
  length: fields[0]?.values.length ?? 0,
  fields,
  notices: [],
});
export const time = (...values: number[]) => column("Time", "time", values);
export const number = (name: string, ...values: number[]) => column(name, "number", values);
export const text = (name: string, ...values: string[]) => column(name, "string", values);
export const labelled = (field: Field, labels: Record<string, string>): Field => ({
  ...field,
  labels,
});

/** Names and values of the fields of each frame that a transformation makes. */
export function done(id: string, options: Record<string, unknown>, frames: readonly Frame[]) {
  return transform(frames, [{ id, options }], (unknown) => {
    throw new Error(`${unknown} is unknown`);
  }).map(({ fields, length }) => {
    for (const field of fields) expect(field.values.length).toBe(length);
    return Object.fromEntries(
      fields.map((field) => [field.options.display_name ?? field.name, [...field.values]]),
    );
  });
}

export const servers = frame(
  "A",
  text("Server", "s1", "s2", "s1", "s2"),
  number("CPU", 10, 20, 30, 50),
  text("Status", "OK", "Error", "OK", "OK"),
);
export const series = (
  ref: string,
  name: string,
  labels: Record<string, string>,
  ...values: number[]
) => frame(ref, time(1, 2, 3), labelled(number(name, ...values), labels));
