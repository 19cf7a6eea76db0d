import { floatText } from "./float_verbs.ts";
import { toInteger } from "./numbers.ts";
import { textOf } from "./text.ts";
import { ExecutionError, type Value } from "./values.ts";

const verbs = /%([-+# 0]*)(\d+|\*)?(?:\.(\d+|\*)?)?([a-zA-Z%])|%$/g;
const widthMax = 10_000;

/** Go's fmt.Sprintf for the verbs that make sense of texts, numbers and booleans. */
export function printf(format: string, args: readonly Value[]): string {
  let next = 0;
  const take = (): Value => {
    if (next >= args.length) return undefined;
    return args[next++];
  };
  const size = (text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const value = text === "*" ? Number(toInteger(take())) : Number(text);
    if (Math.abs(value) > widthMax)
      throw new ExecutionError(`error calling printf: width over ${widthMax}`);
    return value;
  };
  const text = format.replaceAll(
    verbs,
    (whole: string, flags = "", width?: string, places?: string, letter?: string) => {
      if (letter === "%") return "%";
      if (letter === undefined) return "%!(NOVERB)";
      const wide = size(width);
      const precision = whole.includes(".") ? (size(places) ?? 0) : undefined;
      if (next >= args.length) return `%!${letter}(MISSING)`;
      return padded(formatVerb(letter, take(), flags, precision), flags, wide ?? 0, letter);
    },
  );
  if (next >= args.length) return text;
  return `${text}%!(EXTRA ${args
    .slice(next)
    .map((arg) => `${typeName(arg)}=${textOf(arg)}`)
    .join(", ")})`;
}

function typeName(value: Value): string {
  if (typeof value === "bigint") return "int";
  return typeof value === "number" ? "float64" : typeof value;
}

function padded(text: string, flags: string, width: number, letter: string): string {
  const length = Array.from(text).length;
  if (length >= Math.abs(width)) return text;
  const fill = Math.abs(width) - length;
  if (flags.includes("-") || width < 0) return text + " ".repeat(fill);
  if (!flags.includes("0") || letter === "s" || letter === "v") return " ".repeat(fill) + text;
  const sign = /^[+-]/.exec(text)?.[0] ?? "";
  return sign + "0".repeat(fill) + text.slice(sign.length);
}

function formatVerb(letter: string, value: Value, flags: string, precision?: number): string {
  const wrong = () => `%!${letter}(${typeName(value)}=${textOf(value)})`;
  const sign = (text: string) => (flags.includes("+") && !/^[+-]/.test(text) ? `+${text}` : text);
  switch (letter) {
    case "v":
      return textOf(value);
    case "s": {
      const text = typeof value === "string" || typeof value === "object" ? textOf(value) : wrong();
      return precision === undefined ? text : Array.from(text).slice(0, precision).join("");
    }
    case "q":
      return typeof value === "string" ? JSON.stringify(value) : wrong();
    case "t":
      return typeof value === "boolean" ? String(value) : wrong();
    case "d":
      return typeof value === "bigint" ? sign(String(value)) : wrong();
    case "c":
      return typeof value === "bigint" ? String.fromCodePoint(Number(value)) : wrong();
    case "b":
    case "o":
      return typeof value === "bigint" ? value.toString(letter === "b" ? 2 : 8) : wrong();
    case "x":
    case "X":
      return hexOf(value, letter) ?? wrong();
    case "f":
    case "F":
      return typeof value === "number" ? sign(floatText("f", value, precision)) : wrong();
    case "e":
    case "g":
      return typeof value === "number" ? sign(floatText(letter, value, precision)) : wrong();
    case "E":
    case "G": {
      const verb = letter === "E" ? "e" : "g";
      return typeof value === "number"
        ? sign(floatText(verb, value, precision).replace("e", "E"))
        : wrong();
    }
    default:
      return wrong();
  }
}

function hexOf(value: Value, letter: string): string | undefined {
  const hex =
    typeof value === "bigint"
      ? value.toString(16)
      : typeof value === "string"
        ? Buffer.from(value).toString("hex")
        : undefined;
  return letter === "X" ? hex?.toUpperCase() : hex;
}
