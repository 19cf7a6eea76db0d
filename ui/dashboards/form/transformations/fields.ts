import { z } from "zod";
import {
  fieldOption,
  fieldsOption,
  meta,
  reducersOption,
  switchOption,
  textOption,
  type TransformationForm,
} from "./form_of.ts";

export const reduce: TransformationForm = {
  title: "Reduce",
  description: "One value for each series or field, as rows of one table or in their frames.",
  schema: z.looseObject({
    mode: z
      .enum(["seriesToRows", "reduceFields"])
      .default("seriesToRows")
      .meta(
        meta({
          title: "To",
          names: { seriesToRows: "A row for each series", reduceFields: "One row of each frame" },
        }),
      ),
    reducers: reducersOption("Calculations"),
    labelsToFields: switchOption("Labels as columns").meta(
      meta({ title: "Labels as columns", when: { option: "mode", is: ["seriesToRows"] } }),
    ),
    includeTimeField: switchOption("The time, too"),
  }),
};

const names = (title: string) =>
  z
    .looseObject({
      names: fieldsOption("Names"),
      pattern: textOption("Pattern", "A regular expression; those that it matches, too."),
    })
    .optional()
    .meta(meta({ title }));

export const filterFieldsByName: TransformationForm = {
  title: "Filter fields by name",
  description: "Keeps fields by their names or a pattern, and leaves others out.",
  schema: z.looseObject({ include: names("Keep"), exclude: names("Leave out") }),
};

export const filterByRefId: TransformationForm = {
  title: "Filter by query",
  description: "Keeps the answers of some queries.",
  schema: z.looseObject({
    include: textOption("Keep", "A query, or several: A|B."),
    exclude: textOption("Leave out"),
  }),
};

export const renameByRegex: TransformationForm = {
  title: "Rename by pattern",
  description: "Names of fields by a regular expression.",
  schema: z.looseObject({
    regex: textOption("Pattern", "A regular expression.", "(.*)"),
    renamePattern: textOption("New name", "$1 is what its first group took.", "$1"),
  }),
};

export const convertFieldType: TransformationForm = {
  title: "Convert types",
  description: "Texts as numbers or times, anything as text.",
  schema: z.looseObject({
    conversions: z
      .array(
        z.looseObject({
          targetField: fieldOption("Field"),
          destinationType: z
            .enum(["number", "time", "string", "boolean", "enum", "other"])
            .default("number")
            .meta(
              meta({
                title: "As",
                names: { string: "Text", boolean: "Yes or no", enum: "Choice", other: "JSON" },
              }),
            ),
          dateFormat: textOption("Date format").meta(
            meta({
              title: "Date format",
              description: "Such as YYYY-MM-DD HH:mm.",
              when: { option: "destinationType", is: ["string", "time"] },
            }),
          ),
        }),
      )
      .max(100)
      .default([])
      .meta(meta({ title: "Conversions" })),
  }),
};

export const extractFields: TransformationForm = {
  title: "Extract fields",
  description: "Fields out of the texts of one: JSON, key=value, a pattern, parts.",
  schema: z.looseObject({
    source: fieldOption("Field"),
    format: z
      .enum(["auto", "json", "kvp", "regexp", "delimiter"])
      .default("auto")
      .meta(
        meta({
          title: "Its texts are",
          names: {
            auto: "JSON or key=value",
            json: "JSON",
            kvp: "key=value",
            regexp: "Taken apart by a pattern",
            delimiter: "Parts between a delimiter",
          },
        }),
      ),
    regExp: textOption("Pattern").meta(
      meta({
        title: "Pattern",
        description: "A regular expression with named groups: (?<name>…).",
        when: { option: "format", is: ["regexp"] },
      }),
    ),
    delimiter: textOption("Delimiter", "", ",").meta(
      meta({ title: "Delimiter", when: { option: "format", is: ["delimiter"] } }),
    ),
    replace: switchOption("In place of all other fields"),
    keepTime: switchOption("But keep the time").meta(
      meta({ title: "But keep the time", when: { option: "replace", is: [true] } }),
    ),
  }),
};

export const formatTime: TransformationForm = {
  title: "Format times",
  description: "Times as text.",
  schema: z.looseObject({
    timeField: fieldOption("Field", "All times where it is empty."),
    outputFormat: textOption("Format", "", "YYYY-MM-DD HH:mm:ss"),
    timezone: textOption("Time zone", "browser, utc or a name such as Europe/Berlin.", "browser"),
  }),
};

const substring = { option: "outputFormat", is: ["Substring"] };

export const formatString: TransformationForm = {
  title: "Format texts",
  description: "A text in another spelling, or a part of it.",
  schema: z.looseObject({
    stringField: fieldOption("Field"),
    outputFormat: z
      .enum([
        "Upper Case",
        "Lower Case",
        "Sentence Case",
        "Title Case",
        "Pascal Case",
        "Camel Case",
        "Snake Case",
        "Kebab Case",
        "Trim",
        "Substring",
      ])
      .default("Upper Case")
      .meta(meta({ title: "As" })),
    substringStart: z
      .int()
      .min(0)
      .default(0)
      .meta(meta({ title: "From character", when: substring })),
    substringEnd: z
      .int()
      .min(0)
      .default(100)
      .meta(meta({ title: "To character", when: substring })),
  }),
};

export const concatenate: TransformationForm = {
  title: "Concatenate fields",
  description: "All fields side by side, whatever their rows mean.",
  schema: z.looseObject({
    frameNameMode: z
      .enum(["field", "label", "drop"])
      .default("field")
      .meta(
        meta({
          title: "Name of the frame",
          names: { field: "Before each field's", label: "As a label", drop: "Nowhere" },
        }),
      ),
    frameNameLabel: textOption("Label", "", "frame").meta(
      meta({ title: "Label", when: { option: "frameNameMode", is: ["label"] } }),
    ),
  }),
};
