import { formatPlain } from "../text/go_float_text.ts";
import { formatTime } from "./time.ts";
import { TemplateTime, type Value, isList, methodOf } from "./values.ts";

/** How Go prints a time.Time: 2023-01-15 15:48:09.902 +0000 UTC. */
const timeLayout = "2006-01-02 15:04:05.999999999 -0700 MST";

/** Go's %v. */
export function textOf(value: Value): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return floatText(value);
    case "bigint":
    case "boolean":
      return String(value);
    case "undefined":
      return "<no value>";
    default:
      break;
  }
  if (value instanceof TemplateTime) return formatTime(value, timeLayout);
  const print = methodOf(value, "String");
  if (print !== undefined) return textOf(print());
  if (isList(value)) return `[${value.map((item) => nestedText(item)).join(" ")}]`;
  const pairs = Object.keys(value)
    .toSorted()
    .map((name) => `${name}:${nestedText(value[name])}`);
  return `map[${pairs.join(" ")}]`;
}

function nestedText(value: Value): string {
  return value === undefined ? "<nil>" : textOf(value);
}

/** Go's %v of a float64: the shortest digits, with an exponent below 1e-4 and from 1e6 on (1e6 is 1e+06). */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return formatPlain(value);
  const [mantissa = "", power = "0"] = value.toExponential().split("e");
  const exponent = Number(power);
  if (value === 0 || (exponent >= -4 && exponent < 6)) return formatPlain(value);
  const digits = String(Math.abs(exponent)).padStart(2, "0");
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
}
