import { z } from "zod";
import {
  fieldOption,
  meta,
  recordOf,
  recordsOf,
  reducerOption,
  textOption,
  type TransformationForm,
} from "./form_of.ts";

/** Options of a field that an answer can give. */
const given = {
  unit: "Unit",
  min: "Min",
  max: "Max",
  decimals: "Decimals",
  displayName: "Name",
  color: "Colour",
  threshold1: "Threshold",
} as const;
const options = ["unit", "min", "max", "decimals", "displayName", "color", "threshold1"] as const;

const field = fieldOption("Field");
const optionOf = z
  .enum([...options, "__ignore"])
  .default("__ignore")
  .meta(meta({ title: "Is", names: { ...given, __ignore: "Nothing" } }));

/** Grafana keeps fields for which nothing is chosen. */
function readMappings(values: Readonly<Record<string, unknown>>) {
  const mappings = recordsOf(values["mappings"]).map(({ handlerKey, ...mapping }) => ({
    ...mapping,
    handlerKey: handlerKey ?? "__ignore",
  }));
  return { ...values, mappings };
}

export const configFromData: TransformationForm = {
  title: "Options from a query",
  description:
    "Units, bounds and thresholds of fields out of one query's answer. Columns named like an option (unit, min, max) are that option.",
  schema: z.looseObject({
    configRefId: textOption("Query", "Its answer is not drawn itself.", "config"),
    mappings: z
      .array(
        z.looseObject({
          fieldName: field,
          handlerKey: optionOf,
          reducerId: reducerOption("lastNotNull"),
        }),
      )
      .max(100)
      .default([])
      .meta(meta({ title: "Its fields" })),
    applyTo: z
      .looseObject({
        id: z
          .enum(["", "byName", "byRegexp", "byType"])
          .default("")
          .meta(
            meta({
              title: "Which",
              names: {
                "": "All numbers",
                byName: "With the name",
                byRegexp: "Whose name matches",
                byType: "Of the type",
              },
            }),
          ),
        options: fieldOption("Name, pattern or type").meta(
          meta({
            title: "Name, pattern or type",
            editor: "field_name",
            when: { option: "id", is: ["byName", "byRegexp", "byType"] },
          }),
        ),
      })
      .optional()
      .meta(meta({ title: "Fields that take them" })),
  }),
  read: readMappings,
  write: ({ applyTo, ...values }) =>
    // All numbers are what counts without a matcher.
    (recordOf(applyTo)["id"] ?? "") === "" ? values : { ...values, applyTo },
};

export const rowsToFields: TransformationForm = {
  title: "Rows to fields",
  description:
    "Each row as a field: the first column of texts names it, the first of numbers is its value, the others are its labels.",
  schema: z.looseObject({
    mappings: z
      .array(
        z.looseObject({
          fieldName: field,
          handlerKey: z
            .enum(["field.name", "field.value", "field.label", ...options, "__ignore"])
            .default("__ignore")
            .meta(
              meta({
                title: "Is",
                names: {
                  ...given,
                  "field.name": "The field's name",
                  "field.value": "The field's value",
                  "field.label": "A label",
                  __ignore: "Nothing",
                },
              }),
            ),
        }),
      )
      .max(100)
      .default([])
      .meta(meta({ title: "Columns", description: "Those that are not what they seem." })),
  }),
  read: readMappings,
};
