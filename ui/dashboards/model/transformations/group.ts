import type { Field, Frame } from "../../../frames/frame.ts";
import { reduceValue } from "../../../frames/reduce.ts";
import { textOf } from "../values.ts";
import {
  column,
  fieldName,
  fieldNamed,
  frameOf,
  keyOf,
  picked,
  recordOf,
  textOr,
  textsOf,
  withValues,
  type Transformer,
} from "./parts.ts";

/** Rows that agree in some columns as one row, with others reduced. */
export const groupBy: Transformer = (frames, options) => {
  const operations = recordOf(options["fields"]);
  return frames.flatMap((frame) => {
    const settings = frame.fields.map((field) => ({
      field,
      set: recordOf(operations[fieldName(field)] ?? operations[field.name]),
    }));
    const keys = settings
      .filter(({ set }) => set["operation"] === "groupby")
      .map(({ field }) => field);
    if (keys.length === 0) return [];
    const groups = groupsOf(frame, keys);
    const aggregated = settings
      .filter(({ set }) => set["operation"] === "aggregate")
      .flatMap(({ field, set }) =>
        textsOf(set["aggregations"]).map((id) => aggregate(field, id, groups)),
      );
    return [
      {
        ...frame,
        length: groups.length,
        fields: [
          ...keys.map((key) =>
            withValues(
              key,
              groups.map(([first = 0]) => key.values[first]),
            ),
          ),
          ...aggregated,
        ],
      },
    ];
  });
};

function groupsOf(frame: Frame, keys: readonly Field[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (let row = 0; row < frame.length; row += 1) {
    const key = keyOf(keys.map(({ values }) => values[row]));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()];
}

const counts = new Set(["count", "distinctCount", "changeCount"]);

function aggregate(field: Field, id: string, groups: readonly (readonly number[])[]): Field {
  const values = groups.map((rows) =>
    reduceValue(
      rows.map((row) => field.values[row]),
      id,
    ),
  );
  const type =
    values.every((value) => value === undefined || typeof value === "number") &&
    field.type !== "time"
      ? "number"
      : field.type;
  const name = `${fieldName(field)} (${id})`;
  if (counts.has(id)) return column(name, "number", values);
  return {
    ...withValues(field, values, type),
    name,
    options: { ...field.options, display_name: name },
  };
}

/** A frame for each set of values of some fields, which become its labels. */
export const partitionByValues: Transformer = (frames, options) => {
  const wanted = textsOf(options["fields"]);
  const naming = recordOf(options["naming"]);
  return frames.flatMap((frame) => {
    const keys = wanted.flatMap((name) => fieldNamed(frame, name) ?? []);
    if (keys.length === 0) return [frame];
    return groupsOf(frame, keys).map((rows): Frame => {
      const [first = 0] = rows;
      const labels = Object.fromEntries(
        keys.map((key) => [fieldName(key), textOf(key.values[first])]),
      );
      const names = keys.map((key) =>
        naming["withNames"] === true
          ? `${fieldName(key)}=${textOf(key.values[first])}`
          : textOf(key.values[first]),
      );
      const part = picked(frame, rows);
      const dropped = new Set(options["keepFields"] === true ? [] : keys.map(fieldName));
      const kept = part.fields.filter((field) => !dropped.has(fieldName(field)));
      const name = names.join(" ");
      return {
        ...part,
        name,
        fields: kept.map((field) =>
          naming["asLabels"] === false
            ? field
            : { ...field, labels: { ...field.labels, ...labels } },
        ),
      };
    });
  });
};

/** A table whose columns are the values of one field, its rows those of another. */
export const groupingToMatrix: Transformer = (frames, options) => {
  const [columnName, rowName, valueName] = [
    textOr(options["columnField"]) ?? "Time",
    textOr(options["rowField"]) ?? "Time",
    textOr(options["valueField"]) ?? "Value",
  ];
  const empty =
    ({ zero: 0, true: true, false: false, null: null } as Readonly<Record<string, unknown>>)[
      textOr(options["emptyValue"]) ?? ""
    ] ?? "";
  const [frame] = frames;
  if (frame === undefined) return frames;
  const [columns, rows, values] = [
    fieldNamed(frame, columnName),
    fieldNamed(frame, rowName),
    fieldNamed(frame, valueName),
  ];
  if (columns === undefined || rows === undefined || values === undefined) return frames;
  const columnKeys = [...new Set<unknown>(columns.values)];
  const rowKeys = [...new Set<unknown>(rows.values)];
  const cells = new Map<string, unknown>();
  for (let i = 0; i < frame.length; i += 1)
    cells.set(keyOf([columns.values[i], rows.values[i]]), values.values[i]);
  const missing = values.type === "number" && empty === "" ? undefined : empty;
  const fields = columnKeys.map((key): Field => {
    const own = rowKeys.map((row) =>
      cells.has(keyOf([key, row])) ? cells.get(keyOf([key, row])) : missing,
    );
    return { ...withValues(values, own), name: textOf(key), options: {} };
  });
  const head = { ...withValues(rows, rowKeys), name: `${rowName}\\${columnName}`, options: {} };
  return [frameOf([head, ...fields], frames)];
};
