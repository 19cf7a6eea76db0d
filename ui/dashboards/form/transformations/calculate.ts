import { z } from "zod";
import {
  fieldOption,
  fieldsOption,
  meta,
  recordOf,
  reducerOption,
  switchOption,
  textOption,
  type TransformationForm,
} from "./form_of.ts";

const only = (mode: string) => ({ option: "mode", is: [mode] });
const operand = (title: string) =>
  fieldOption(title, "A field or a number.").meta(
    meta({ title, description: "A field or a number.", editor: "field_name" }),
  );

export const calculateField: TransformationForm = {
  title: "Add a calculated field",
  description: "Of each row, of two fields, of one, or over a window.",
  schema: z.looseObject({
    mode: z
      .enum(["reduceRow", "binary", "unary", "cumulativeFunctions", "windowFunctions", "index"])
      .default("reduceRow")
      .meta(
        meta({
          title: "Calculates",
          names: {
            reduceRow: "Over each row",
            binary: "With two fields",
            unary: "With one field",
            cumulativeFunctions: "From the first row on",
            windowFunctions: "Over a window of rows",
            index: "The row's number",
          },
        }),
      ),
    reduce: z
      .looseObject({
        include: fieldsOption("Fields", "All numbers where there are none."),
        reducer: reducerOption("sum"),
      })
      .optional()
      .meta(meta({ title: "Each row", when: only("reduceRow") })),
    binary: z
      .looseObject({
        left: operand("First"),
        operator: z
          .enum(["+", "-", "*", "/", "%", "**"])
          .default("+")
          .meta(
            meta({
              title: "Operation",
              names: {
                "+": "plus",
                "-": "minus",
                "*": "times",
                "/": "divided by",
                "%": "remainder of",
                "**": "to the power of",
              },
            }),
          ),
        right: operand("Second"),
      })
      .optional()
      .meta(meta({ title: "Two fields", when: only("binary") })),
    unary: z
      .looseObject({
        operator: z
          .enum(["abs", "exp", "ln", "floor", "ceil", "round"])
          .default("abs")
          .meta(
            meta({
              title: "Operation",
              names: {
                abs: "Absolute value",
                exp: "e to the power of",
                ln: "Natural logarithm",
                floor: "Rounded down",
                ceil: "Rounded up",
                round: "Rounded",
              },
            }),
          ),
        fieldName: fieldOption("Field"),
      })
      .optional()
      .meta(meta({ title: "One field", when: only("unary") })),
    cumulative: z
      .looseObject({
        field: fieldOption("Field"),
        reducer: z
          .enum(["sum", "mean"])
          .default("sum")
          .meta(meta({ title: "Calculation", names: { sum: "Total", mean: "Mean" } })),
      })
      .optional()
      .meta(meta({ title: "From the first row on", when: only("cumulativeFunctions") })),
    window: z
      .looseObject({
        field: fieldOption("Field"),
        reducer: reducerOption("mean"),
        windowSizeMode: z
          .enum(["percentage", "fixed"])
          .default("percentage")
          .meta(
            meta({ title: "Length", names: { percentage: "Part of all rows", fixed: "Rows" } }),
          ),
        windowSize: z
          .number()
          .min(0)
          .default(0.1)
          .meta(meta({ title: "How long", description: "0.1 is a tenth of all rows." })),
        windowAlignment: z
          .enum(["trailing", "centered"])
          .default("trailing")
          .meta(meta({ title: "Rows", names: { trailing: "Before", centered: "Around" } })),
      })
      .optional()
      .meta(meta({ title: "Window", when: only("windowFunctions") })),
    index: z
      .looseObject({ asPercentile: switchOption("As a part of all rows") })
      .optional()
      .meta(meta({ title: "Number", when: only("index") })),
    alias: textOption("Name", "Its own where it is empty."),
    replaceFields: switchOption("In place of all other fields"),
  }),
  read: (options) => {
    if (options["binary"] === undefined) return options;
    const binary = recordOf(options["binary"]);
    return {
      ...options,
      binary: {
        ...binary,
        ...named("left", binary["left"]),
        ...named("right", binary["right"]),
      },
    };
  },
};

/** Grafana writes operands as text, as {fixed}, or as a matcher, of which a form can show the one by name. */
function named(side: string, value: unknown): Record<string, unknown> {
  const { fixed, matcher } = recordOf(value);
  const { id, options } = recordOf(matcher);
  if (id === "byName") return { [side]: options };
  if (typeof fixed === "string" || typeof fixed === "number") return { [side]: String(fixed) };
  return typeof value === "number" ? { [side]: String(value) } : {};
}
