import type { Field, Frame } from "../../../frames/frame.ts";
import { reduceValue } from "../../../frames/reduce.ts";
import { textOf } from "../values.ts";
import { joined } from "./join.ts";
import {
  column,
  fieldName,
  frameOf,
  keyOf,
  picked,
  recordOf,
  textOr,
  timeFieldOf,
  type Transformer,
} from "./parts.ts";

/** Series as one wide table, a frame each, or a long table with a column for each label. */
export const prepareTimeSeries: Transformer = (frames, options) => {
  const split = frames.flatMap(seriesOf);
  switch (options["format"]) {
    case "wide":
      return joined(split, undefined, "outer");
    case "long":
      return split.length === 0 ? [] : [longOf(split)];
    default:
      return split;
  }
};

/** A frame for each number; texts of a long table tell its series apart. */
function seriesOf(frame: Frame): readonly Frame[] {
  const time = timeFieldOf(frame);
  if (time === undefined) return [];
  const texts = frame.fields.filter(({ type }) => type === "string");
  if (texts.length > 0) {
    const groups = new Map<string, number[]>();
    for (let row = 0; row < frame.length; row += 1) {
      const key = keyOf(texts.map(({ values }) => values[row]));
      groups.set(key, [...(groups.get(key) ?? []), row]);
    }
    return [...groups.values()].flatMap((rows) => {
      const labels = Object.fromEntries(
        texts.map((field) => [fieldName(field), textOf(field.values[rows[0] ?? 0])]),
      );
      const part = picked(
        { ...frame, fields: frame.fields.filter(({ type }) => type !== "string") },
        rows,
      );
      return seriesOf({
        ...part,
        fields: part.fields.map((field) =>
          field.type === "time" ? field : { ...field, labels: { ...field.labels, ...labels } },
        ),
      });
    });
  }
  return frame.fields
    .filter(({ type }) => type === "number" || type === "boolean")
    .map((field) => ({ ...frame, name: fieldName(field), fields: [time, field] }));
}

function longOf(series: readonly Frame[]): Frame {
  const names = [...new Set(series.flatMap(({ fields }) => Object.keys(fields[1]?.labels ?? {})))];
  const rows = series.flatMap((frame) => {
    const [time, field] = frame.fields;
    return Array.from({ length: frame.length }, (_, i) => ({
      time: time?.values[i],
      value: field?.values[i],
      labels: field?.labels ?? {},
    }));
  });
  const sorted = rows.toSorted((a, b) => Number(a.time) - Number(b.time));
  return frameOf(
    [
      column(
        "Time",
        "time",
        sorted.map(({ time }) => time),
      ),
      ...names.map((name) =>
        column(
          name,
          "string",
          sorted.map(({ labels }) => labels[name] ?? ""),
        ),
      ),
      column(
        "Value",
        "number",
        sorted.map(({ value }) => value),
      ),
    ],
    series,
  );
}

/** A row for each series: its labels, and the series itself for a small picture in the cell. */
export const timeSeriesTable: Transformer = (frames, options) => {
  const byRef = Map.groupBy(frames, ({ ref }) => ref);
  return [...byRef].map(([ref, own]) => {
    const stat = textOr(recordOf(options[ref])["stat"]) ?? "lastNotNull";
    const series = own.flatMap(seriesOf);
    const names = [
      ...new Set(series.flatMap(({ fields }) => Object.keys(fields[1]?.labels ?? {}))),
    ].filter((name) => name !== "__name__");
    const fields: Field[] = names.map((name) =>
      column(
        name,
        "string",
        series.map(({ fields: [, field] }) => field?.labels[name] ?? ""),
      ),
    );
    if (names.length === 0)
      fields.push(
        column(
          "Name",
          "string",
          series.map(({ name }) => name),
        ),
      );
    const trend: Field = {
      ...column(`Trend #${ref}`, "other", series),
      options: series[0]?.fields[1]?.options ?? {},
    };
    const values = series.map(({ fields: [, field] }) =>
      field === undefined ? undefined : reduceValue(field.values, stat),
    );
    return frameOf([...fields, trend, column(`Trend #${ref} (${stat})`, "number", values)], own);
  });
};
