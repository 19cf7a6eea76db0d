import { z } from "zod";
import { textOf } from "../model/values.ts";

/** What a person edits one option with. */
export type Control = {
  readonly title: string;
  readonly description: string | undefined;
  readonly group: string | undefined;
  /** What counts where nothing is set. */
  readonly preset: unknown;
  readonly when: { readonly option: string; readonly is: readonly unknown[] } | undefined;
  readonly shape: Shape;
};

type Shape =
  | { readonly kind: "switch" }
  | { readonly kind: "choice"; readonly choices: readonly Choice[] }
  | { readonly kind: "number"; readonly bounds: Bounds; readonly slider: boolean }
  | { readonly kind: "text"; readonly lines: boolean; readonly code: boolean }
  | { readonly kind: "color" | "unit" | "reducers" | "reducer" | "field_name" | "field_names" }
  | { readonly kind: "list"; readonly item: Control }
  | { readonly kind: "object"; readonly members: readonly Member[] }
  /** Shapes without a control of their own: written as JSON. */
  | { readonly kind: "json" };

export type Choice = { readonly value: unknown; readonly label: string };
export type Member = readonly [name: string, control: Control];
export type Bounds = {
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly whole: boolean;
};

// As zod writes it, with the members of `.meta()` beside its own.
const Schema = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  title: z.string().optional(),
  description: z.string().optional(),
  group: z.string().optional(),
  editor: z.string().optional(),
  names: z.record(z.string(), z.string()).optional(),
  when: z.object({ option: z.string(), is: z.array(z.unknown()) }).optional(),
  default: z.unknown().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});

type Schema = Partial<z.output<typeof Schema>>;

/** Longer than this a slider's steps are too fine for a thumb. */
const sliderStepsMax = 100;

/** The controls of a kind's options, by their names. Empty for a schema that is no object. */
export function controlsOf(schema: z.ZodType): readonly Member[] {
  const written = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const control = controlOf("", written);
  return control.shape.kind === "object" ? control.shape.members : [];
}

function controlOf(name: string, given: unknown): Control {
  const parsed = Schema.safeParse(given);
  const schema: Schema = parsed.success ? parsed.data : {};
  return {
    title: schema.title ?? wordsOf(name),
    description: schema.description,
    group: schema.group,
    preset: schema.default,
    when: schema.when,
    shape: shapeOf(schema),
  };
}

function shapeOf(schema: Schema): Shape {
  const choices = choicesOf(schema);
  if (choices !== undefined) return { kind: "choice", choices };
  const type = typeOf(schema);
  const { editor } = schema;
  if (editor === "color" || editor === "unit" || editor === "field_name") return { kind: editor };
  if (editor === "field_names") return { kind: editor };
  if (editor === "reducers") return { kind: type === "array" ? "reducers" : "reducer" };
  if (type === "boolean") return { kind: "switch" };
  if (type === "number" || type === "integer") return numberShape(schema, type);
  if (type === "string") {
    const lines = editor === "text_area" || editor === "markdown" || editor === "code";
    return { kind: "text", lines, code: editor === "code" };
  }
  if (type === "array") return { kind: "list", item: controlOf("", schema.items) };
  if (type === "object" && schema.properties !== undefined) {
    const members = Object.entries(schema.properties).map(([name, member]): Member => [
      name,
      controlOf(name, member),
    ]);
    return { kind: "object", members };
  }
  return { kind: "json" };
}

function numberShape(schema: Schema, type: "number" | "integer"): Shape {
  const bounds = {
    min: realBound(schema.minimum),
    max: realBound(schema.maximum),
    whole: type === "integer",
  };
  const { min, max, whole } = bounds;
  const bounded = min !== undefined && max !== undefined;
  const slider = bounded && (schema.editor === "slider" || (whole && max - min <= sliderStepsMax));
  return { kind: "number", bounds, slider };
}

/** zod states the bounds of safe integers where none are given. */
function realBound(value: number | undefined): number | undefined {
  return value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value;
}

/** A closed list of values: an enum, or literals side by side. */
function choicesOf(schema: Schema): readonly Choice[] | undefined {
  const { names = {} } = schema;
  const choice = (value: unknown): Choice => ({
    value,
    label: value === null ? "None" : (names[textOf(value)] ?? wordsOf(textOf(value))),
  });
  if (schema.enum !== undefined) return schema.enum.map(choice);
  const literals = (schema.anyOf ?? schema.oneOf)?.map((each) => Schema.safeParse(each).data);
  if (literals === undefined || literals.length < 2) return undefined;
  const values = literals.flatMap((each) => {
    if (each === undefined) return [];
    if (each.type === "null") return [null];
    return each.const === undefined ? (each.enum ?? []) : [each.const];
  });
  return values.length >= literals.length ? values.map(choice) : undefined;
}

/** "null" beside a type only says that nothing may be set. */
function typeOf(schema: Schema): string | undefined {
  if (typeof schema.type === "string") return schema.type;
  const types = schema.type?.filter((type) => type !== "null") ?? [];
  return types.length === 1 ? types[0] : undefined;
}

/** "line_width" and "lineWidth" as people say it. */
export function wordsOf(name: string): string {
  const words = name
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .trim()
    .toLowerCase();
  return words === "" ? "" : words.charAt(0).toUpperCase() + words.slice(1);
}

/** Whether the control is shown, as the options are. */
export function isShown(
  control: Control,
  siblings: readonly Member[],
  values: Readonly<Record<string, unknown>>,
): boolean {
  const { when } = control;
  if (when === undefined) return true;
  const preset = siblings.find(([name]) => name === when.option)?.[1].preset;
  const value = values[when.option] ?? preset;
  return when.is.some((each) => each === value);
}

/** The groups in the order of their first option; those without one under "". */
export function grouped(members: readonly Member[]): readonly (readonly [string, Member[]])[] {
  const groups = new Map<string, Member[]>();
  for (const member of members) {
    const group = member[1].group ?? "";
    groups.set(group, [...(groups.get(group) ?? []), member]);
  }
  return [...groups];
}
