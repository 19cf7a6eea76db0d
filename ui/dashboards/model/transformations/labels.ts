import type { Field, Frame } from "../../../frames/frame.ts";
import {
  column,
  fieldName,
  frameOf,
  picked,
  textOr,
  textsOf,
  timeFieldOf,
  type Transformer,
} from "./parts.ts";
import { merge } from "./join.ts";
import { compared } from "./organize.ts";

/** Labels as columns of a table, or as rows of a list. */
export const labelsToFields: Transformer = (frames, options) => {
  const keep = textsOf(options["keepLabels"]);
  if (options["mode"] === "rows") return frames.flatMap((frame) => labelRows(frame, keep));
  const valueLabel = textOr(options["valueLabel"]);
  const tables = frames.map((frame) => labelColumns(frame, keep, valueLabel));
  return merge(tables, {});
};

function labelColumns(
  frame: Frame,
  keep: readonly string[],
  valueLabel: string | undefined,
): Frame {
  const fields: Field[] = [];
  const labels = new Map<string, string>();
  for (const field of frame.fields) {
    const entries = Object.entries(field.labels).filter(
      ([name]) => keep.length === 0 || keep.includes(name) || name === valueLabel,
    );
    for (const [name, value] of entries)
      if (name !== valueLabel && !labels.has(name)) labels.set(name, value);
    if (entries.length === 0) fields.push(field);
    else fields.push({ ...field, name: valueName(field, valueLabel), labels: {}, options: {} });
  }
  const columns = [...labels].map(([name, value]) =>
    column(
      name,
      "string",
      Array.from({ length: frame.length }, () => value),
    ),
  );
  const [times, others] = [
    fields.filter(({ type }) => type === "time"),
    fields.filter(({ type }) => type !== "time"),
  ];
  return { ...frame, fields: [...times, ...columns, ...others] };
}

/** Series have one name for their values, so that they end in one column. */
function valueName(field: Field, valueLabel: string | undefined): string {
  return (valueLabel === undefined ? undefined : field.labels[valueLabel]) ?? "Value";
}

function labelRows(frame: Frame, keep: readonly string[]): readonly Frame[] {
  return frame.fields
    .filter(({ type }) => type !== "time")
    .map((field): Frame => {
      const entries = Object.entries(field.labels).filter(
        ([name]) => keep.length === 0 || keep.includes(name),
      );
      const fields = [
        column(
          "label",
          "string",
          entries.map(([name]) => name),
        ),
        column(
          "value",
          "string",
          entries.map(([, value]) => value),
        ),
      ];
      return { ...frame, name: fieldName(field), length: entries.length, fields };
    });
}

/** All series as one table of time, metric and value, the newest first. */
export const seriesToRows: Transformer = (frames) => {
  const times: unknown[] = [];
  const metrics: string[] = [];
  const values: unknown[] = [];
  for (const frame of frames) {
    const time = timeFieldOf(frame);
    if (time === undefined) continue;
    for (const field of frame.fields) {
      if (field === time) continue;
      for (let i = 0; i < frame.length; i += 1) {
        times.push(time.values[i]);
        metrics.push(fieldName(field));
        values.push(field.values[i]);
      }
    }
  }
  const isNumber = values.every((value) => typeof value === "number");
  const table = frameOf(
    [
      column("Time", "time", times),
      column("Metric", "string", metrics),
      column("Value", isNumber ? "number" : "other", values),
    ],
    frames,
  );
  const order = Array.from({ length: table.length }, (_, i) => i).toSorted(
    (a, b) => compared(times[b], times[a]) || a - b,
  );
  return [picked(table, order)];
};

/** All fields side by side, whatever their rows mean. */
export const concatenate: Transformer = (frames, options) => {
  if (frames.length < 2) return frames;
  const mode = textOr(options["frameNameMode"]) ?? "field";
  const label = textOr(options["frameNameLabel"]) ?? "frame";
  const length = Math.max(...frames.map((frame) => frame.length));
  const fields = frames.flatMap((frame) =>
    frame.fields.map((field): Field => {
      const isSame = frame.name === "" || fieldName(field) === frame.name;
      const name = mode === "field" && !isSame ? `${frame.name} · ${fieldName(field)}` : field.name;
      const labels =
        mode === "label" && frame.name !== ""
          ? { ...field.labels, [label]: frame.name }
          : field.labels;
      return { ...field, name, labels, values: filledUp(field, length) };
    }),
  );
  return [frameOf(fields, frames)];
};

function filledUp({ values }: Field, length: number): Field["values"] {
  if (values.length === length) return values;
  if (values instanceof Float64Array) {
    const longer = new Float64Array(length).fill(Number.NaN);
    longer.set(values);
    return longer;
  }
  return Array.from({ length }, (_, i) => values[i]);
}
