import type { Field, FieldType } from "../../../frames/frame.ts";
import { dateText } from "../../../units/date_text.ts";
import { numberOf, textOf } from "../values.ts";
import { fieldName, numberOr, recordsOf, textOr, withValues, type Transformer } from "./parts.ts";

/** Fields as another type: texts as numbers or times, anything as text. */
export const convertFieldType: Transformer = (frames, options) => {
  const conversions = recordsOf(options["conversions"]);
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) =>
      conversions.reduce<Field>((current, conversion) => {
        if (textOr(conversion["targetField"]) !== fieldName(current)) return current;
        return converted(
          current,
          textOr(conversion["destinationType"]) ?? "",
          textOr(conversion["dateFormat"]),
        );
      }, field),
    ),
  }));
};

function converted(field: Field, type: string, pattern: string | undefined): Field {
  switch (type) {
    case "number":
      return withValues(field, Array.from(field.values, looseNumber), "number");
    case "time":
      return withValues(field, Array.from(field.values, timeOf), "time");
    case "boolean":
      return withValues(field, Array.from(field.values, truth), "boolean");
    case "string":
    case "enum":
      return withValues(
        field,
        Array.from(field.values, (value) => asText(field.type, value, pattern)),
        "string",
      );
    case "other":
      return withValues(field, Array.from(field.values, parsed), "other");
    default:
      return field;
  }
}

/** "1,234.5" as well. */
function looseNumber(value: unknown): number {
  return typeof value === "string" ? numberOf(value.replaceAll(",", "")) : numberOf(value);
}

/** Milliseconds, or a text that is a date. */
function timeOf(value: unknown): number {
  const number = numberOf(value);
  return Number.isNaN(number) && typeof value === "string" ? Date.parse(value) : number;
}

function truth(value: unknown): boolean {
  return value === "false" || value === "0" ? false : Boolean(value);
}

function asText(type: FieldType, value: unknown, pattern: string | undefined): string {
  if (type !== "time" || typeof value !== "number" || Number.isNaN(value)) return textOf(value);
  return pattern === undefined
    ? new Date(value).toISOString()
    : dateText(value, pattern, "browser");
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** A time as text in a pattern such as YYYY-MM-DD. */
export const formatTime: Transformer = (frames, options) => {
  const [name, pattern] = [
    textOr(options["timeField"]),
    textOr(options["outputFormat"]) ?? "YYYY-MM-DD HH:mm:ss",
  ];
  const zone = textOr(options["timezone"]) ?? "browser";
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      if (field.type !== "time" || (name !== undefined && fieldName(field) !== name)) return field;
      const texts = Array.from(field.values, (value) =>
        typeof value === "number" && Math.abs(value) <= 8.64e15
          ? dateText(value, pattern, zone)
          : "",
      );
      return withValues(field, texts, "string");
    }),
  }));
};

/** A text in another spelling. */
export const formatString: Transformer = (frames, options) => {
  const [name, format] = [
    textOr(options["stringField"]),
    textOr(options["outputFormat"]) ?? "Upper Case",
  ];
  const write = spellings[format];
  if (write === undefined && format !== "Substring") return frames;
  const [start, end] = [
    numberOr(options["substringStart"], 0),
    numberOr(options["substringEnd"], 100),
  ];
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      if (field.type !== "string" || fieldName(field) !== name) return field;
      return withValues(
        field,
        Array.from(
          field.values,
          (value) => write?.(textOf(value)) ?? textOf(value).slice(start, end),
        ),
      );
    }),
  }));
};

function words(text: string): string[] {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((each) => each !== "");
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();
}

const spellings: Readonly<Record<string, (text: string) => string>> = {
  "Upper Case": (text) => text.toUpperCase(),
  "Lower Case": (text) => text.toLowerCase(),
  "Sentence Case": (text) => text.slice(0, 1).toUpperCase() + text.slice(1),
  "Title Case": (text) => text.split(" ").map(capital).join(" "),
  "Pascal Case": (text) => words(text).map(capital).join(""),
  "Camel Case": (text) =>
    words(text)
      .map((word, i) => (i === 0 ? word.toLowerCase() : capital(word)))
      .join(""),
  "Snake Case": (text) =>
    words(text)
      .map((word) => word.toLowerCase())
      .join("_"),
  "Kebab Case": (text) =>
    words(text)
      .map((word) => word.toLowerCase())
      .join("-"),
  Trim: (text) => text.trim(),
};
