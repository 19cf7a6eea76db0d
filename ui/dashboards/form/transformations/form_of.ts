import { z } from "zod";
import type { OptionMeta } from "../../../options/option_meta.ts";

type Values = Readonly<Record<string, unknown>>;

/** How the options of one transformation are edited: the form is made from the schema. */
export type TransformationForm = {
  readonly title: string;
  readonly description: string;
  /** Loose: what a form has no field for stays in the options as it is. */
  readonly schema: z.ZodType<Values>;
  /** Grafana's options as the form's values, where those have another shape; and back. */
  readonly read?: (options: Values) => Values;
  readonly write?: (values: Values, before: Values) => Values;
};

export function meta(options: OptionMeta): OptionMeta {
  return options;
}

export function fieldOption(title: string, description = "") {
  return z
    .string()
    .max(1_000)
    .default("")
    .meta(meta({ title, description, editor: "field_name" }));
}

export function fieldsOption(title: string, description = "") {
  return z
    .array(z.string().max(1_000))
    .max(500)
    .default([])
    .meta(meta({ title, description, editor: "field_names" }));
}

export function textOption(title: string, description = "", preset = "") {
  return z.string().max(10_000).default(preset).meta(meta({ title, description }));
}

export function reducerOption(preset: string) {
  return z
    .string()
    .max(100)
    .default(preset)
    .meta(meta({ title: "Calculation", editor: "reducers" }));
}

export function reducersOption(title: string) {
  return z
    .array(z.string().max(100))
    .max(50)
    .default([])
    .meta(meta({ title, editor: "reducers" }));
}

export function switchOption(title: string, description = "") {
  return z.boolean().default(false).meta(meta({ title, description }));
}

/** The options as values of the form; undefined where they say what it has no field for. */
export function formValues(form: TransformationForm, options: Values): Values | undefined {
  const parsed = form.schema.safeParse(form.read?.(options) ?? options);
  return parsed.success ? parsed.data : undefined;
}

/** The options that the values of the form say, with all that they leave to the schema's defaults written out. */
export function formOptions(form: TransformationForm, values: Values, before: Values): Values {
  const parsed = form.schema.safeParse(values);
  const whole = parsed.success ? parsed.data : values;
  return form.write?.(whole, before) ?? whole;
}

export function recordOf(value: unknown): Values {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

export function recordsOf(value: unknown): readonly Values[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}
