import type { Field, Frame } from "../../frames/frame.ts";

const figures = ["Last", "Min", "Max", "Mean"] as const;

/** Series as one table: a row each, with its labels and what its values were over the range. */
export function seriesTable(frames: readonly Frame[]): Frame {
  const series = frames.flatMap(({ fields, ref, name }) =>
    fields
      .filter(({ type }) => type === "number")
      .map((field) => ({ field, ref, name, sums: summary(field.values) })),
  );
  const labels = [...new Set(series.flatMap(({ field }) => Object.keys(field.labels)))].toSorted();
  // What the query names already takes no column, and leaves its place to what tells the series apart.
  const metrics = new Set(series.map(({ field }) => field.labels["__name__"]));
  const names =
    metrics.size > 1 || labels.length === 1
      ? labels
      : labels.filter((label) => label !== "__name__");
  const refs = [...new Set(series.map(({ ref }) => ref))];
  const fields: Field[] = [
    ...(refs.length > 1
      ? [
          column(
            "Query",
            series.map(({ ref }) => ref),
          ),
        ]
      : []),
    ...(names.length === 0
      ? [
          column(
            "Series",
            series.map(({ name }) => name),
          ),
        ]
      : []),
    ...names.map((label) =>
      column(
        label,
        series.map(({ field }) => field.labels[label] ?? ""),
      ),
    ),
    ...figures.map((name, i): Field => ({
      name,
      type: "number",
      labels: {},
      values: Float64Array.from(series, ({ sums }) => sums[i] ?? Number.NaN),
      options: {},
    })),
  ];
  const notices = frames.flatMap((frame) => frame.notices);
  return { ref: "", name: "Series", length: series.length, fields, notices };
}

/** In the order of `figures`; NaN where there is no value at all. */
function summary(values: Field["values"]): readonly [number, number, number, number] {
  let [last, min, max, sum, count] = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    0,
  ];
  for (const value of values) {
    if (typeof value !== "number" || Number.isNaN(value)) continue;
    last = value;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    count += 1;
  }
  return count === 0 ? [last, Number.NaN, Number.NaN, Number.NaN] : [last, min, max, sum / count];
}

function column(name: string, values: readonly string[]): Field {
  return { name, type: "string", labels: {}, values, options: {} };
}
