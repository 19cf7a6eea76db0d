import type { FieldOptions } from "#shared/dashboards/dashboard.ts";
import { displayOf, fieldName, type Display } from "../../plot/display.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { reduceNumber, reduceValue } from "../../frames/reduce.ts";
import { fieldStyles, rangeOf, type ValueRange } from "../../plot/color_modes.ts";
import type { ReduceOptions } from "./reduce_options.ts";

/** One value that a panel shows large, with what it comes from. */
export type Figure = {
  readonly key: string;
  readonly name: string;
  readonly value: unknown;
  readonly display: Display;
  /** By the value, or of the series where its mode colours series. */
  readonly color: string;
  /** Whether the colour says something about the value. */
  readonly isColored: boolean;
  readonly field: Field;
  readonly index: number;
  readonly range: ValueRange;
  /** The column over time. */
  readonly history: Float64Array | undefined;
};

type Found = { readonly frame: Frame; readonly field: Field; readonly row: number | undefined };

/** Figures of one panel: more are not read by anyone. */
const figuresMax = 200;

type Context = { readonly dark: boolean; readonly timeZone: string };

/** The values that the options ask for; `count` is how many there would be without the limit. */
export function figuresOf(
  frames: readonly Frame[],
  reduce: ReduceOptions,
  context: Context,
): { readonly figures: readonly Figure[]; readonly count: number } {
  const found = frames.flatMap((frame) =>
    wantedFields(frame, reduce.field).flatMap((field): Found[] => {
      if (!reduce.each_row) return [{ frame, field, row: undefined }];
      return Array.from({ length: Math.min(frame.length, figuresMax) }, (_, row) => ({
        frame,
        field,
        row,
      }));
    }),
  );
  const kept = found.slice(0, figuresMax);
  const fields = kept.map(({ field }) => withMode(field));
  const styles = fieldStyles(fields, context.dark);
  const shared = sharedRange(fields);
  const keys = new Map<string, number>();
  const figures = kept.map(({ frame, field, row }, i): Figure => {
    const own = fields[i] ?? field;
    const range = { ...shared, ...definedRange(own.options) };
    const value = row === undefined ? reduceValue(own.values, reduce.reducer) : own.values[row];
    const display = displayOf(own, { ...context, range })(value);
    const name = row === undefined ? fieldName(own) : rowName(frame, own, row);
    const times = keys.get(name) ?? 0;
    keys.set(name, times + 1);
    return {
      key: `${name}\u0000${times}`,
      name,
      value,
      display,
      color: display.color ?? styles[i]?.color ?? "",
      isColored: display.color !== undefined,
      field: own,
      index: row ?? Math.max(0, own.values.length - 1),
      range,
      history: historyOf(frame, own, row),
    };
  });
  return { figures, count: found.length };
}

/** Numbers, or texts where there are none; a column by its name whatever it is. */
function wantedFields(frame: Frame, name: string): readonly Field[] {
  if (name !== "") {
    return frame.fields.filter((field) => fieldName(field) === name || field.name === name);
  }
  const numbers = frame.fields.filter(({ type }) => type === "number" || type === "boolean");
  return numbers.length > 0 ? numbers : frame.fields.filter(({ type }) => type === "string");
}

/** Thresholds colour these panels unless another mode is chosen. */
function withMode(field: Field): Field {
  const { color, thresholds } = field.options;
  if (color !== undefined || thresholds === undefined) return field;
  return { ...field, options: { ...field.options, color: { mode: "thresholds" } } };
}

/** From the smallest to the largest value of all, from zero where none is below it. */
function sharedRange(fields: readonly Field[]): ValueRange {
  let min = 0;
  let max = Number.NEGATIVE_INFINITY;
  for (const field of fields) {
    const isPart = field.options.unit === "percentunit";
    if (field.options.unit === "percent") max = Math.max(max, 100);
    if (isPart) max = Math.max(max, 1);
    const { min: low, max: high } = field.type === "number" ? rangeOf(field) : { min: 0, max: 1 };
    min = Math.min(min, low);
    max = Math.max(max, high);
  }
  return { min, max: Number.isFinite(max) && max > min ? max : min + 1 };
}

function definedRange({ min, max }: FieldOptions): Partial<ValueRange> {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

function rowName(frame: Frame, field: Field, row: number): string {
  const names = frame.fields.find(({ type }) => type === "string");
  const name = names?.values[row];
  return typeof name === "string" && names !== field ? name : fieldName(field);
}

function historyOf(frame: Frame, field: Field, row: number | undefined): Float64Array | undefined {
  const isSeries = row === undefined && frame.fields.some(({ type }) => type === "time");
  if (!isSeries || field.values.length < 2) return undefined;
  return field.values instanceof Float64Array ? field.values : undefined;
}

/** From the first to the last value, as a part of the first; NaN where there is none. */
export function changeOf({ history }: Figure): number {
  return history === undefined ? Number.NaN : reduceNumber(history, "diffperc");
}
