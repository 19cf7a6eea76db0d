import type { Mapping } from "#shared/dashboards/dashboard.ts";
import { searchingRegex, type LinearRegex } from "#shared/text/linear_regex.ts";
import { rangeOf, valueColor, type ValueRange } from "./color_modes.ts";
import { resolveColor } from "./colors.ts";
import { formatUnitParts } from "../units/units.ts";
import type { Field } from "../frames/frame.ts";

/** A value as a person reads it. */
export type Display = {
  readonly prefix: string;
  readonly text: string;
  readonly suffix: string;
  /** By mapping, threshold or scale; undefined where the field's mode colours series. */
  readonly color: string | undefined;
  /** A picture that a mapping names. */
  readonly icon: string | undefined;
  /** Where the value lies between the field's bounds, from 0 to 1; NaN for what is no number. */
  readonly part: number;
};

export type DisplayContext = {
  readonly dark: boolean;
  readonly timeZone: string;
  /** Bounds of all fields of a panel, where they are to share them. */
  readonly range?: ValueRange;
};

/** Makes the one function that writes all values of a field: mappings first, then unit, decimals, colour. */
export function displayOf(field: Field, context: DisplayContext): (value: unknown) => Display {
  const { options } = field;
  const { dark, timeZone } = context;
  const mappings = (options.mappings ?? []).map(compileMapping);
  let bounds = context.range;
  return (value) => {
    bounds ??= rangeOf(field);
    const number = numberOf(value);
    const part =
      Number.isNaN(number) || bounds.max <= bounds.min
        ? Number.isNaN(number)
          ? Number.NaN
          : 0
        : (number - bounds.min) / (bounds.max - bounds.min);
    const written = write(value, number, field, timeZone);
    const color = Number.isNaN(number) ? undefined : valueColor(number, options, bounds, dark);
    for (const mapping of mappings) {
      const result = mapping(value, number);
      if (result === undefined) continue;
      return {
        ...(result.text === undefined ? written : { prefix: "", text: result.text, suffix: "" }),
        color: resolveColor(result.color, dark) ?? color,
        icon: result.icon,
        part,
      };
    }
    return { ...written, color, icon: undefined, part };
  };
}

/** In one piece. */
export function displayText({ prefix, text, suffix }: Display): string {
  return prefix + text + suffix;
}

/** What a person calls the field. */
export function fieldName(field: Field): string {
  return field.options.display_name ?? field.name;
}

function write(value: unknown, number: number, field: Field, timeZone: string) {
  const { unit, decimals, no_value: noValue } = field.options;
  if (value === null || value === undefined || (typeof value === "number" && Number.isNaN(value))) {
    return { prefix: "", text: noValue ?? "–", suffix: "" };
  }
  if (field.type === "time") {
    return formatUnitParts(number, unit ?? "dateTimeAsIso", decimals, timeZone);
  }
  if (typeof value === "number" || (field.type === "number" && !Number.isNaN(number))) {
    return formatUnitParts(number, unit ?? "short", decimals, timeZone);
  }
  if (typeof value === "boolean") {
    return unit === undefined
      ? { prefix: "", text: String(value), suffix: "" }
      : formatUnitParts(number, unit, decimals, timeZone);
  }
  if (typeof value === "string") {
    const isNumber = unit !== undefined && unit !== "string" && !Number.isNaN(number);
    return isNumber
      ? formatUnitParts(number, unit, decimals, timeZone)
      : { prefix: "", text: value, suffix: "" };
  }
  return { prefix: "", text: JSON.stringify(value) ?? "", suffix: "" };
}

type Result = Mapping["result"];

function compileMapping(mapping: Mapping): (value: unknown, number: number) => Result | undefined {
  const { result } = mapping;
  switch (mapping.kind) {
    case "value": {
      const wanted = mapping.value;
      const wantedNumber = wanted.trim() === "" ? Number.NaN : Number(wanted);
      return (value, number) =>
        String(value) === wanted || (typeof value === "number" && number === wantedNumber)
          ? result
          : undefined;
    }
    case "range": {
      const from = mapping.from ?? Number.NEGATIVE_INFINITY;
      const to = mapping.to ?? Number.POSITIVE_INFINITY;
      return (_value, number) => (number >= from && number <= to ? result : undefined);
    }
    case "regex":
      return regexMapping(mapping.pattern, result);
    case "special":
      return (value) => (isSpecial(value, mapping.match) ? result : undefined);
  }
}

/** A pattern that does not compile maps nothing. `$1` in the text is a group. */
function regexMapping(pattern: string, result: Result): (value: unknown) => Result | undefined {
  let regex: LinearRegex;
  try {
    regex = searchingRegex(pattern.replace(/^\/(.*)\/[gimsuy]*$/s, "$1"));
  } catch {
    return () => undefined;
  }
  return (value) => {
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
      return undefined;
    }
    const subject = String(value);
    if (!regex.test(subject)) return undefined;
    const { text } = result;
    if (text === undefined || !text.includes("$")) return result;
    const filled = regex.replace(subject, (groups) =>
      text.replace(/\$(\d)/g, (_found, digit: string) => groups[Number(digit)] ?? ""),
    );
    return { ...result, text: filled };
  };
}

function isSpecial(value: unknown, match: string): boolean {
  const isNull = value === null || value === undefined;
  const isNaNumber = typeof value === "number" && Number.isNaN(value);
  switch (match) {
    case "true":
      return value === true || value === "true";
    case "false":
      return value === false || value === "false";
    case "null":
      // Columns of numbers keep a missing value as NaN.
      return isNull || isNaNumber;
    case "nan":
      return isNaNumber;
    case "null+nan":
      return isNull || isNaNumber;
    default:
      return value === "";
  }
}

function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}
