import { OperatingError } from "#shared/errors.ts";

/** How units are written in names; a unit that is not listed is cleaned and used as it is. */
const units: ReadonlyMap<string, string> = new Map([
  ["d", "days"],
  ["h", "hours"],
  ["min", "minutes"],
  ["s", "seconds"],
  ["ms", "milliseconds"],
  ["us", "microseconds"],
  ["ns", "nanoseconds"],
  ["By", "bytes"],
  ["KiBy", "kibibytes"],
  ["MiBy", "mebibytes"],
  ["GiBy", "gibibytes"],
  ["TiBy", "tibibytes"],
  ["KBy", "kilobytes"],
  ["kBy", "kilobytes"],
  ["MBy", "megabytes"],
  ["GBy", "gigabytes"],
  ["TBy", "terabytes"],
  ["m", "meters"],
  ["V", "volts"],
  ["A", "amperes"],
  ["J", "joules"],
  ["W", "watts"],
  ["g", "grams"],
  ["Cel", "celsius"],
  ["Hz", "hertz"],
  ["%", "percent"],
  ["1", ""],
]);
const perUnits: ReadonlyMap<string, string> = new Map([
  ["s", "second"],
  ["m", "minute"],
  ["h", "hour"],
  ["d", "day"],
  ["w", "week"],
  ["mo", "month"],
  ["y", "year"],
]);

export type NamedMetric = {
  readonly name: string;
  readonly unit: string;
  readonly kind: "counter" | "gauge" | "other";
};

/**
 * The Prometheus name of an OTLP metric, by the strategy UnderscoreEscapingWithSuffixes (opentelemetry.io, compatibility with
 * Prometheus). Throws OperatingError("bad_request") where nothing is left of the name.
 */
export function metricName({ name, unit, kind }: NamedMetric): string {
  let tokens = tokensOf(name);
  if (tokens.length === 0)
    throw new OperatingError(
      "bad_request",
      `metric name ${JSON.stringify(name)} has no usable character`,
    );
  const { main, per } = unitWords(unit);
  if (main !== "" && !tokens.includes(main)) tokens.push(main);
  if (per !== "" && !tokens.includes(per)) tokens.push("per", per);
  if (kind === "counter") tokens = [...tokens.filter((token) => token !== "total"), "total"];
  if (kind === "gauge" && unit.trim() === "1")
    tokens = [...tokens.filter((token) => token !== "ratio"), "ratio"];
  const text = tokens.join("_");
  return /^\d/.test(text) ? `_${text}` : text;
}

/** The unit as metadata names it, such as "seconds" or "meters_per_second". */
export function unitText(unit: string): string {
  const { main, per } = unitWords(unit);
  return [main, ...(per === "" ? [] : ["per", per])].filter((word) => word !== "").join("_");
}

function unitWords(unit: string): { readonly main: string; readonly per: string } {
  const [main = "", per = ""] = unit.replaceAll(/\{[^}]*\}/g, "").split("/", 2);
  const mainText = main.trim();
  const perText = per.trim();
  return {
    main: tokensOf(units.get(mainText) ?? mainText).join("_"),
    per: tokensOf(perUnits.get(perText) ?? perText).join("_"),
  };
}

function tokensOf(text: string): string[] {
  return text.split(/[^a-zA-Z0-9:]+/).filter((token) => token !== "");
}

/** The label name of an attribute: underscores for what is not allowed, no digit or lone underscore in front. */
export function labelName(attribute: string): string {
  const name = attribute.replaceAll(/[^a-zA-Z0-9_]/g, "_");
  if (/^\d/.test(name)) return `key_${name}`;
  if (name.startsWith("_") && !name.startsWith("__")) return `key${name}`;
  return name;
}
