/** How units are written in names; a unit that is not listed is used as it is. */
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
  // UCUM's own spelling, which the table of OpenTelemetry's specification has.
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

/** What a unit adds to a name: its words, and "per_" with those behind the first slash. Empty where there is nothing. */
export type UnitWords = { readonly main: string; readonly per: string };

/** A part with braces, such as "{request}", adds nothing (prometheus/otlptranslator). */
export function unitWords(unit: string): UnitWords {
  const slash = unit.indexOf("/");
  const [mainText, perText] =
    slash < 0 ? [unit, ""] : [unit.slice(0, slash), unit.slice(slash + 1)];
  const main = partOf(mainText, units);
  const per = partOf(perText, perUnits);
  return { main, per: per === "" ? "" : `per_${per}` };
}

function partOf(text: string, words: ReadonlyMap<string, string>): string {
  const unit = text.trim();
  return /[{}]/.test(unit) ? "" : (words.get(unit) ?? unit);
}

/** With underscores for what a name cannot have, never two in a row and none in front. */
export function cleanUnitWords({ main, per }: UnitWords): UnitWords {
  return { main: clean(main), per: clean(per) };
}

function clean(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9:]+/g, "_").replace(/^_/, "");
}

/** The unit as metadata names it, such as "seconds" or "meters_per_second". */
export function unitText(unit: string): string {
  const { main, per } = cleanUnitWords(unitWords(unit));
  const text = [main, per].filter((word) => word !== "").join("_");
  return text.replace(/^_/, "").replace(/_$/, "");
}
