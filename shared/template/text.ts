import { formatPlain } from "../text/go_float_text.ts";
import { formatTime } from "./time.ts";
import { TemplateTime, type Value, isList } from "./values.ts";

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
  if (isList(value)) return `[${value.map((item) => nestedText(item)).join(" ")}]`;
  const pairs = Object.keys(value)
    .toSorted()
    .map((name) => `${name}:${nestedText(value[name])}`);
  return `map[${pairs.join(" ")}]`;
}

function nestedText(value: Value): string {
  return value === undefined ? "<nil>" : textOf(value);
}

/** Go's %v of a float64: exponents below 1e-4 and from 1e21 on. */
function floatText(value: number): string {
  const size = Math.abs(value);
  if (Number.isFinite(value) && size !== 0 && (size < 1e-4 || size >= 1e21)) {
    const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
    const sign = exponent.startsWith("-") ? "-" : "+";
    return `${mantissa}e${sign}${String(Math.abs(Number(exponent))).padStart(2, "0")}`;
  }
  return formatPlain(value);
}
