import type { FieldOptions, Override } from "#shared/dashboards/dashboard.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { reduceNumber } from "../../frames/reduce.ts";
import { replaceVariables } from "./interpolate.ts";
import { matching } from "./user_regex.ts";
import { textOf } from "./values.ts";

/** The name that a field is shown by, and that matchers know it by. */
export function fieldName(field: Field): string {
  return field.options.display_name ?? field.name;
}

/**
 * Frames whose fields have the panel's options, and those of the overrides that match them, the last one winning. Names with
 * ${__field.labels.x} in them are filled in.
 */
export function applyFieldOptions(
  frames: readonly Frame[],
  field: FieldOptions,
  overrides: readonly Override[],
): readonly Frame[] {
  const rules = overrides.map((override) => ({ set: override.set, match: matcherOf(override) }));
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((each) => optioned(each, frame, field, rules)),
  }));
}

type Match = (field: Field, frame: Frame) => boolean;

function optioned(
  field: Field,
  frame: Frame,
  base: FieldOptions,
  rules: readonly { readonly set: FieldOptions; readonly match: Match }[],
): Field {
  const own = baseFor(field, base);
  let options = merged(own, field.options);
  let named: Field = { ...field, options: nameFilled(options, field, frame) };
  for (const { set, match } of rules) {
    if (!match(named, frame) && !match(field, frame)) continue;
    options = merged(options, set);
    named = { ...field, options: nameFilled(options, field, frame) };
  }
  return named;
}

/**
 * The panel's unit is meant for its values: times have a unit and a name of their own, and texts have none, though a label may look
 * like a number (`le`, `status_code`). Overrides say otherwise.
 */
function baseFor({ type }: Field, base: FieldOptions): FieldOptions {
  if (type !== "time" && type !== "string") return base;
  const { unit: _unit, decimals: _decimals, min: _min, max: _max, ...rest } = base;
  if (type === "string") return rest;
  const { display_name: _name, ...unnamed } = rest;
  return unnamed;
}

function merged(below: FieldOptions, above: FieldOptions): FieldOptions {
  const all: FieldOptions = { ...below };
  const known = Object.fromEntries(
    Object.entries(above).filter(([, value]) => value !== undefined),
  );
  Object.assign(all, known);
  if (below.custom !== undefined && above.custom !== undefined)
    all.custom = { ...below.custom, ...above.custom };
  return all;
}

function nameFilled(options: FieldOptions, field: Field, frame: Frame): FieldOptions {
  const name = options.display_name;
  if (name === undefined || !name.includes("$")) return options;
  return { ...options, display_name: filledName(name, field, frame) };
}

function filledName(name: string, field: Field, frame: Frame): string {
  return replaceVariables(name, ({ name: variable, path = "" }) => {
    if (variable === "__series") return path === "name" ? frame.name || field.name : undefined;
    if (variable !== "__field") return undefined;
    if (path === "name" || path === "displayName") return field.name;
    if (path === "labels")
      return Object.entries(field.labels)
        .map(([label, value]) => `${label}="${value}"`)
        .join(", ");
    const label = /^labels(?:\.(.+)|\[["']?(.+?)["']?\])$/.exec(path);
    const wanted = label?.[1] ?? label?.[2];
    if (wanted === undefined) return undefined;
    return Object.hasOwn(field.labels, wanted) ? field.labels[wanted] : "";
  });
}

function matcherOf({ match: { by, value } }: Override): Match {
  switch (by) {
    case "name":
      return (field) => fieldName(field) === value || field.name === value;
    case "names": {
      const names = new Set(namesOf(value));
      return (field) => names.has(fieldName(field)) || names.has(field.name);
    }
    case "others": {
      const names = new Set(namesOf(value));
      return (field) => !names.has(fieldName(field)) && !names.has(field.name);
    }
    case "regex": {
      const test = matching(value);
      return (field) => test(fieldName(field));
    }
    case "type":
      return (field) => field.type === value;
    case "query":
      return (_, frame) => frame.ref === value;
    case "value":
      return valueMatcher(value);
  }
}

/** Names are joined by a comma; one with a comma in it is written as JSON: ["a,b","c"]. */
function namesOf(text: string): readonly string[] {
  if (text.startsWith("[")) {
    try {
      const names: unknown = JSON.parse(text);
      if (Array.isArray(names)) return names.map(textOf);
    } catch {
      // Not JSON: a name may begin with a bracket.
    }
  }
  return text.split(",").map((each) => each.trim());
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  "=": (a, b) => a === b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};

/** "last > 5": a reducer, a comparison and a number; "allIsZero", "allIsNull" stand alone. */
function valueMatcher(condition: string): Match {
  const parts = /^\s*(\w+)\s*(?:(>=|<=|!=|==?|>|<)\s*(\S+)\s*)?$/.exec(condition);
  if (parts === null) return () => false;
  const [, reducer = "", op, bound = ""] = parts;
  const compare = op === undefined ? undefined : comparisons[op];
  return (field) => {
    if (field.type !== "number") return false;
    const value = reduceNumber(field.values, reducer);
    return compare === undefined
      ? value !== 0 && !Number.isNaN(value)
      : compare(value, Number(bound));
  };
}
