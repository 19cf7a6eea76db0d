import type { z } from "zod";
import type { Field } from "../frames/frame.ts";

/** Options that a schema took, and what it refused of those that were given. */
export type Checked<T> = { readonly value: T; readonly faults: readonly string[] };

/**
 * Options by their schema. What it refuses is left out, named in `faults`, and so gets its default: a panel is drawn whatever its
 * document says.
 */
export function checkedOptions<S extends z.ZodType>(
  schema: S,
  given: unknown,
): Checked<z.output<S>> {
  const first = schema.safeParse(given ?? {});
  if (first.success) return { value: first.data, faults: [] };
  const faults = first.error.issues.map(
    ({ path, message }) => `${path.length === 0 ? "options" : path.join(".")}: ${message}`,
  );
  const kept = isRecord(given) ? { ...given } : {};
  for (const issue of first.error.issues) {
    const [key] = issue.path;
    if (typeof key === "string") delete kept[key];
    if (issue.code === "unrecognized_keys" && issue.path.length === 0) {
      for (const unknown of issue.keys) delete kept[unknown];
    }
  }
  const second = schema.safeParse(kept);
  return { value: second.success ? second.data : schema.parse({}), faults };
}

const known = new WeakMap<object, WeakMap<object, unknown>>();
const none = {};

/** A field's options of the panel's kind (FieldOptions.custom), checked once for each object. */
export function customOf<S extends z.ZodType>(schema: S, field: Field): z.output<S> {
  const custom = field.options.custom ?? none;
  let bySchema = known.get(schema);
  if (bySchema === undefined) known.set(schema, (bySchema = new WeakMap()));
  const cached = bySchema.get(custom);
  // What is in the map was put there for this very schema.
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  if (cached !== undefined) return cached as z.output<S>;
  const { value } = checkedOptions(schema, custom);
  if (typeof value === "object" && value !== null) bySchema.set(custom, value);
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
