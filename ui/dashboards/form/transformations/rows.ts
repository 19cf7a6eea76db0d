import { z } from "zod";
import {
  fieldOption,
  meta,
  recordOf,
  recordsOf,
  reducersOption,
  switchOption,
  textOption,
  type TransformationForm,
} from "./form_of.ts";

const conditions = {
  greater: "Is greater than",
  greaterOrEqual: "Is at least",
  lower: "Is less than",
  lowerOrEqual: "Is at most",
  equal: "Is",
  notEqual: "Is not",
  range: "Is between",
  substring: "Contains",
  notSubstring: "Does not contain",
  regex: "Matches",
  isNull: "Is missing",
  isNotNull: "Is not missing",
} as const;
const compared = [
  "greater",
  "greaterOrEqual",
  "lower",
  "lowerOrEqual",
  "equal",
  "notEqual",
  "substring",
  "notSubstring",
  "regex",
];

const Condition = z.looseObject({
  fieldName: fieldOption("Field"),
  id: z
    .enum([
      "greater",
      "greaterOrEqual",
      "lower",
      "lowerOrEqual",
      "equal",
      "notEqual",
      "range",
      "substring",
      "notSubstring",
      "regex",
      "isNull",
      "isNotNull",
    ])
    .default("greater")
    .meta(meta({ title: "Condition", names: conditions })),
  value: textOption("Value").meta(meta({ title: "Value", when: { option: "id", is: compared } })),
  from: textOption("From").meta(meta({ title: "From", when: { option: "id", is: ["range"] } })),
  to: textOption("To").meta(meta({ title: "To", when: { option: "id", is: ["range"] } })),
});

export const filterByValue: TransformationForm = {
  title: "Filter rows by values",
  description: "Keeps or drops the rows for which conditions hold.",
  schema: z.looseObject({
    type: z
      .enum(["include", "exclude"])
      .default("include")
      .meta(meta({ title: "Rows", names: { include: "Stay", exclude: "Are left out" } })),
    match: z
      .enum(["all", "any"])
      .default("all")
      .meta(meta({ title: "That match", names: { all: "All conditions", any: "Any condition" } })),
    filters: z
      .array(Condition)
      .max(100)
      .default([])
      .meta(meta({ title: "Conditions" })),
  }),
  read: (options) => ({
    ...options,
    filters: recordsOf(options["filters"]).map((filter) => {
      const config = recordOf(filter["config"]);
      const { value, from, to } = recordOf(config["options"]);
      const id = config["id"] === "between" ? "range" : config["id"];
      return {
        fieldName: filter["fieldName"],
        ...(id === undefined ? {} : { id }),
        ...written({ value, from, to }),
      };
    }),
  }),
  write: (values) => ({
    ...values,
    filters: recordsOf(values["filters"]).map(({ fieldName, id, value, from, to }) => ({
      fieldName,
      config: {
        id,
        options:
          id === "range"
            ? { from: numberIn(from), to: numberIn(to) }
            : id === "isNull" || id === "isNotNull"
              ? {}
              : { value: numberIn(value) },
      },
    })),
  }),
};

/** What is set, as it is typed. */
function written(given: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      typeof value === "string" || typeof value === "number" ? [[name, String(value)]] : [],
    ),
  );
}

/** A number where the text is one, as Grafana keeps it. */
function numberIn(text: unknown): unknown {
  return typeof text === "string" && text.trim() !== "" && Number.isFinite(Number(text))
    ? Number(text)
    : text;
}

export const sortBy: TransformationForm = {
  title: "Sort rows",
  description: "By one field, and by the next where that is equal.",
  schema: z.looseObject({
    sort: z
      .array(z.looseObject({ field: fieldOption("Field"), desc: switchOption("Largest first") }))
      .max(20)
      .default([])
      .meta(meta({ title: "By" })),
  }),
};

export const limit: TransformationForm = {
  title: "Limit rows",
  description: "Keeps the first rows.",
  schema: z.looseObject({
    limitField: z
      .int()
      .min(0)
      .default(10)
      .meta(meta({ title: "Rows" })),
  }),
  read: (options) =>
    options["limitField"] === undefined
      ? options
      : { ...options, limitField: Number(options["limitField"]) },
};

/** Grafana keeps a record by field; a form has a list. */
export const groupBy: TransformationForm = {
  title: "Group by",
  description: "Rows that agree in some fields become one, with other fields calculated.",
  schema: z.looseObject({
    fields: z
      .array(
        z.looseObject({
          field: fieldOption("Field"),
          operation: z
            .enum(["groupby", "aggregate"])
            .default("groupby")
            .meta(meta({ title: "Is", names: { groupby: "Grouped by", aggregate: "Calculated" } })),
          aggregations: reducersOption("Calculations").meta(
            meta({
              title: "Calculations",
              editor: "reducers",
              when: { option: "operation", is: ["aggregate"] },
            }),
          ),
        }),
      )
      .max(200)
      .default([])
      .meta(meta({ title: "Fields" })),
  }),
  read: (options) => ({
    ...options,
    fields: Object.entries(recordOf(options["fields"])).flatMap(([field, set]) => {
      const { operation, aggregations = [] } = recordOf(set);
      // Grafana keeps fields for which nothing is chosen.
      return operation === null || operation === undefined
        ? []
        : [{ field, operation, aggregations }];
    }),
  }),
  write: (values) => ({
    ...values,
    fields: Object.fromEntries(
      recordsOf(values["fields"]).map(({ field, operation, aggregations }) => [
        String(field),
        { operation, aggregations: operation === "aggregate" ? aggregations : [] },
      ]),
    ),
  }),
};
