import type { FieldOptions } from "#shared/dashboards/dashboard.ts";
import type { Field, Frame } from "../../../frames/frame.ts";
import { reduceValue } from "../../../frames/reduce.ts";
import { matching } from "../user_regex.ts";
import { numberOf, textOf } from "../values.ts";
import {
  column,
  fieldName,
  frameOf,
  recordOf,
  recordsOf,
  textOr,
  type Options,
  type Transformer,
} from "./parts.ts";

type Mapping = { readonly field: string; readonly handler: string; readonly reducer: string };

/** Each row as a field of one value: its name, its value, and options such as unit and bounds from its columns. */
export const rowsToFields: Transformer = (frames, options) => {
  const mappings = mappingsOf(options["mappings"]);
  const handlerOf = (field: Field) =>
    mappings.find((each) => each.field === fieldName(field))?.handler;
  return frames.map((frame) => {
    const name =
      frame.fields.find((field) => handlerOf(field) === "field.name") ??
      frame.fields.find((field) => field.type === "string" && handlerOf(field) === undefined);
    const value =
      frame.fields.find((field) => handlerOf(field) === "field.value") ??
      frame.fields.find((field) => field.type === "number" && handlerOf(field) === undefined);
    if (name === undefined || value === undefined) return frame;
    const others = frame.fields.filter((field) => field !== name && field !== value);
    const fields = Array.from({ length: frame.length }, (_, row): Field => {
      const made = column(textOf(name.values[row]), value.type, [value.values[row]]);
      const labels = others.filter((field) =>
        [undefined, "field.label"].includes(handlerOf(field)),
      );
      return {
        ...made,
        labels: Object.fromEntries(
          labels.map((field) => [fieldName(field), textOf(field.values[row])]),
        ),
        options: others.reduce<FieldOptions>(
          (own, field) =>
            withOption(own, handlerOf(field) ?? autoHandler(fieldName(field)), field.values[row]),
          {},
        ),
      };
    });
    return { ...frameOf(fields, [frame], frame.name), length: 1 };
  });
};

/** Options of fields (unit, bounds, thresholds) from the answer of a query. */
export const configFromData: Transformer = (frames, options) => {
  const ref = textOr(options["configRefId"]) ?? "config";
  const config = frames.find((frame) => frame.ref === ref);
  if (config === undefined) return frames;
  const mappings = mappingsOf(options["mappings"]);
  const applies = fieldTest(recordOf(options["applyTo"]));
  const set = config.fields.reduce<FieldOptions>((own, field) => {
    const mapping = mappings.find((each) => each.field === fieldName(field));
    const handler = mapping?.handler ?? autoHandler(fieldName(field));
    return withOption(own, handler, reduceValue(field.values, mapping?.reducer ?? "lastNotNull"));
  }, {});
  return frames
    .filter((frame) => frame !== config)
    .map((frame): Frame => ({
      ...frame,
      fields: frame.fields.map((field) =>
        applies(field) ? { ...field, options: { ...field.options, ...set } } : field,
      ),
    }));
};

function fieldTest(matcher: Options): (field: Field) => boolean {
  const { id, options } = matcher;
  if (id === "byName") return (field) => fieldName(field) === options;
  if (id === "byRegexp") {
    const matches = matching(textOf(options));
    return (field) => matches(fieldName(field));
  }
  if (id === "byType") return (field) => field.type === options;
  return (field) => field.type === "number";
}

function mappingsOf(value: unknown): readonly Mapping[] {
  return recordsOf(value).flatMap((each) => {
    const field = textOr(each["fieldName"]);
    if (field === undefined) return [];
    return [
      {
        field,
        handler: textOr(each["handlerKey"]) ?? "__ignore",
        reducer: textOr(each["reducerId"]) ?? "lastNotNull",
      },
    ];
  });
}

/** Columns that are named like an option are that option. */
function autoHandler(name: string): string {
  return ["unit", "min", "max", "decimals", "displayName", "color", "threshold1"].includes(name)
    ? name
    : "";
}

function withOption(options: FieldOptions, handler: string, value: unknown): FieldOptions {
  if (value === undefined || value === null) return options;
  const [text, number] = [textOf(value), numberOf(value)];
  switch (handler) {
    case "unit":
      return { ...options, unit: text };
    case "displayName":
      return { ...options, display_name: text };
    case "color":
      return { ...options, color: { mode: "fixed", fixed: text } };
    case "min":
    case "max":
      return Number.isNaN(number) ? options : { ...options, [handler]: number };
    case "decimals":
      return Number.isNaN(number)
        ? options
        : { ...options, decimals: Math.min(20, Math.max(0, Math.round(number))) };
    case "threshold1": {
      if (Number.isNaN(number)) return options;
      const steps = options.thresholds?.steps ?? [{ value: null, color: "green" }];
      return {
        ...options,
        thresholds: { mode: "absolute", steps: [...steps, { value: number, color: "red" }] },
      };
    }
    default:
      return options;
  }
}

/** Rows and columns exchanged. */
export const transpose: Transformer = (frames, options) =>
  frames.map((frame) => {
    const [first, ...rest] = frame.fields;
    if (first === undefined) return frame;
    const isNumber = rest.every(({ type }) => type === "number");
    const names = Array.from(first.values, textOf);
    const rowNames = rest.map(fieldName);
    const head = column(textOr(options["firstFieldName"]) ?? "Field", "string", rowNames);
    const restName = textOr(options["restFieldsName"]);
    const columns = names.map((name, row) => {
      const values = rest.map((field) =>
        isNumber ? field.values[row] : textOf(field.values[row]),
      );
      return column(
        restName === undefined ? name : names.length > 1 ? `${restName} ${row + 1}` : restName,
        isNumber ? "number" : "string",
        values,
      );
    });
    return { ...frame, length: rowNames.length, fields: [head, ...columns] };
  });
