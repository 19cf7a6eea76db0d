import { z } from "zod";
import {
  fieldOption,
  fieldsOption,
  meta,
  recordOf,
  recordsOf,
  reducerOption,
  switchOption,
  textOption,
  type TransformationForm,
} from "./form_of.ts";

export const joinByField: TransformationForm = {
  title: "Join by field",
  description: "One table of all frames, a row for each value of a field that they share.",
  schema: z.looseObject({
    byField: fieldOption("Field", "The time where it is empty."),
    mode: z
      .enum(["outer", "inner"])
      .default("outer")
      .meta(
        meta({
          title: "Rows",
          names: { outer: "Of any frame", inner: "That all frames have" },
        }),
      ),
  }),
};

export const joinByLabels: TransformationForm = {
  title: "Join by labels",
  description: "Series as one table: a row for each set of labels.",
  schema: z.looseObject({
    value: textOption("Label", "Its values become columns."),
    join: z
      .array(z.string().max(1_000))
      .default([])
      .meta(meta({ title: "Labels that make a row" })),
  }),
};

export const labelsToFields: TransformationForm = {
  title: "Labels to fields",
  description: "Labels as columns of a table, or as rows of a list.",
  schema: z.looseObject({
    mode: z
      .enum(["columns", "rows"])
      .default("columns")
      .meta(meta({ title: "As" })),
    keepLabels: z
      .array(z.string().max(1_000))
      .max(200)
      .default([])
      .meta(meta({ title: "Labels", description: "All where there are none." })),
    valueLabel: textOption("Label that names the values").meta(
      meta({ title: "Label that names the values", when: { option: "mode", is: ["columns"] } }),
    ),
  }),
};

export const merge: TransformationForm = {
  title: "Merge tables",
  description: "Tables one below the other; rows that agree in what they share become one.",
  schema: z.looseObject({}),
};

export const seriesToRows: TransformationForm = {
  title: "Series to rows",
  description: "All series as one table of time, metric and value.",
  schema: z.looseObject({}),
};

export const partitionByValues: TransformationForm = {
  title: "Partition by values",
  description: "A frame for each set of values of some fields.",
  schema: z.looseObject({
    fields: fieldsOption("Fields"),
    keepFields: switchOption("Keep these fields in the frames"),
  }),
};

export const groupingToMatrix: TransformationForm = {
  title: "Grouping to matrix",
  description: "A table whose columns are the values of one field, its rows those of another.",
  schema: z.looseObject({
    columnField: fieldOption("Columns"),
    rowField: fieldOption("Rows"),
    valueField: fieldOption("Cells"),
    emptyValue: z
      .enum(["", "empty", "zero", "null", "true", "false"])
      .default("")
      .meta(meta({ title: "Cells without a value", names: { "": "Empty" } })),
  }),
};

export const transpose: TransformationForm = {
  title: "Transpose",
  description: "Rows as columns.",
  schema: z.looseObject({
    firstFieldName: textOption("Name of the first column", "", "Field"),
    restFieldsName: textOption("Name of the others", "The first column's values where empty."),
  }),
};

export const prepareTimeSeries: TransformationForm = {
  title: "Prepare time series",
  description: "Series as a frame each, or as one table.",
  schema: z.looseObject({
    format: z
      .enum(["multi", "wide", "long"])
      .default("multi")
      .meta(
        meta({
          title: "As",
          names: { multi: "A frame each", wide: "A column each", long: "Rows of one table" },
        }),
      ),
  }),
};

export const histogram: TransformationForm = {
  title: "Histogram",
  description: "How many values fall into each bucket.",
  schema: z.looseObject({
    bucketCount: z
      .int()
      .min(1)
      .max(1_000)
      .default(30)
      .meta(meta({ title: "Buckets", description: "About so many." })),
    bucketSize: z
      .number()
      .min(0)
      .optional()
      .meta(meta({ title: "Size of a bucket", description: "By their number where empty." })),
    bucketOffset: z
      .number()
      .optional()
      .meta(meta({ title: "Begins at" })),
    combine: switchOption("All series together"),
  }),
};

const buckets = (title: string, description: string) =>
  z
    .looseObject({
      mode: z
        .enum(["count", "size"])
        .default("count")
        .meta(meta({ title: "By", names: { count: "Their number", size: "Their size" } })),
      value: textOption("How many, or how large", description),
    })
    .optional()
    .meta(meta({ title }));

/** Grafana writes numbers as texts; older documents have them as they are. */
function readBuckets(value: unknown): unknown {
  if (value === undefined) return undefined;
  const { value: size, ...rest } = recordOf(value);
  return { ...rest, ...(typeof size === "number" ? { value: String(size) } : { value: size }) };
}

export const heatmap: TransformationForm = {
  title: "Create a heatmap",
  description: "How many values of all series fall into each cell of time and value.",
  schema: z.looseObject({
    xBuckets: buckets("Times", "Of a size: 5m, or milliseconds. About 40 where it is empty."),
    yBuckets: buckets("Values", "About 20 where it is empty."),
  }),
  read: (options) => ({
    ...options,
    xBuckets: readBuckets(options["xBuckets"]),
    yBuckets: readBuckets(options["yBuckets"]),
  }),
};

/** Grafana keeps a record by query; a form has a list. */
export const timeSeriesTable: TransformationForm = {
  title: "Series as a table",
  description: "A row for each series: its labels, a small picture, and one value.",
  schema: z.looseObject({
    queries: z
      .array(z.looseObject({ ref: textOption("Query"), stat: reducerOption("lastNotNull") }))
      .max(100)
      .default([])
      .meta(meta({ title: "Value", description: "The last one of queries that are not here." })),
  }),
  read: (options) => ({
    queries: Object.entries(options).map(([ref, set]) => ({ ...recordOf(set), ref })),
  }),
  write: ({ queries }) =>
    Object.fromEntries(
      recordsOf(queries).map(({ ref, ...set }) => [typeof ref === "string" ? ref : "", set]),
    ),
};
