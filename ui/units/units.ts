import { dateText, dateTextToday, fromNowText } from "./date_text.ts";
import { durationText } from "./durations.ts";
import {
  countText,
  currencyText,
  decimalText,
  digitsOf,
  iecText,
  siText,
  type UnitText,
} from "./scaled.ts";
import { timeGroups } from "./time_units.ts";
import { writtenGroups, type UnitSpec } from "./unit_list.ts";

/** For pickers: Grafana's unit ids with their names, by group. */
export const unitGroups: readonly {
  readonly name: string;
  readonly units: readonly { readonly id: string; readonly name: string }[];
}[] = [...writtenGroups, ...timeGroups].map(({ name, units }) => ({
  name,
  units: units.map(([id, title]) => ({ id, name: title })),
}));

/** Ids that older dashboards have. */
const aliases: Readonly<Record<string, string>> = {
  "": "short",
  boolean_yes_no: "bool_yes_no",
  boolean_on_off: "bool_on_off",
  boolean: "bool",
  us: "µs",
  μs: "µs",
  min: "m",
  minutes: "m",
  seconds: "s",
  hours: "h",
  days: "d",
  percent100: "percent",
  duration: "dtdurations",
};
const specs = new Map<string, UnitSpec>(
  [...writtenGroups, ...timeGroups].flatMap(({ units }) =>
    units.map(([id, , spec]) => [id, spec] as const),
  ),
);
const custom = new Map<string, UnitSpec>();
/** Units written by hand that are kept after they were read. */
const customMax = 500;

/** Whether the id, or what a custom one begins with, is known. */
export function isKnownUnit(unit: string): boolean {
  return specs.has(aliases[unit] ?? unit) || customSpec(unit) !== undefined;
}

/** A value with its unit, by Grafana's ids: "12.3 MiB/s". An unknown id gives the number followed by it, as Grafana does. */
export function formatUnit(
  value: number,
  unit: string,
  decimals?: number,
  timeZone?: string,
): string {
  const { prefix, text, suffix } = formatUnitParts(value, unit, decimals, timeZone);
  return prefix + text + suffix;
}

/** The same in parts. NaN is no value, and shown as a dash. */
export function formatUnitParts(
  value: number,
  unit: string,
  decimals?: number,
  timeZone?: string,
): UnitText {
  if (Number.isNaN(value)) return { prefix: "", text: "–", suffix: "" };
  if (!Number.isFinite(value)) return { prefix: "", text: value > 0 ? "∞" : "−∞", suffix: "" };
  return write(value, specOf(unit), decimals, timeZone);
}

function specOf(unit: string): UnitSpec {
  const known = specs.get(aliases[unit] ?? unit) ?? custom.get(unit);
  if (known !== undefined) return known;
  const made = customSpec(unit) ?? { as: "suffix", suffix: ` ${unit}` };
  if (custom.size < customMax) custom.set(unit, made);
  return made;
}

/** `prefix:`, `suffix:`, `time:`, `si:` (with a prefix before the unit's symbol), `count:`, `currency:`. */
function customSpec(unit: string): UnitSpec | undefined {
  const at = unit.indexOf(":");
  if (at < 1) return undefined;
  const rest = unit.slice(at + 1);
  switch (unit.slice(0, at)) {
    case "prefix":
      return {
        as: "own",
        text: (value, decimals) => ({ prefix: rest, text: digitsOf(value, decimals), suffix: "" }),
      };
    case "suffix":
      return { as: "suffix", suffix: rest.startsWith(" ") ? rest : ` ${rest}` };
    case "time":
      return { as: "date", pattern: rest, today: undefined };
    case "si":
      return siSpec(rest);
    case "count":
      return { as: "count", symbol: rest };
    case "currency":
      return { as: "currency", symbol: rest, side: "before" };
    case "bool":
      return boolSpec(rest);
    default:
      return undefined;
  }
}

const siPowers: Readonly<Record<string, number>> = {
  f: -5,
  p: -4,
  n: -3,
  µ: -2,
  u: -2,
  m: -1,
  k: 1,
  K: 1,
  M: 2,
  G: 3,
  T: 4,
  P: 5,
};

/** "si:mF": values in milli-farad. One letter is the unit itself. */
function siSpec(text: string): UnitSpec {
  const power = text.length > 1 ? siPowers[text.charAt(0)] : undefined;
  return power === undefined
    ? { as: "si", symbol: text, power: 0 }
    : { as: "si", symbol: text.slice(1), power };
}

/** "bool:up/down". */
function boolSpec(text: string): UnitSpec {
  const [yes = "True", no = "False"] = text.split("/", 2);
  return {
    as: "own",
    text: (value) => ({ prefix: "", text: value === 0 ? no : yes, suffix: "" }),
  };
}

function write(value: number, spec: UnitSpec, decimals?: number, timeZone = "browser"): UnitText {
  switch (spec.as) {
    case "plain":
      return { prefix: "", text: plainDigits(value, decimals), suffix: "" };
    case "suffix": {
      const { factor = 1, suffix } = spec;
      return { prefix: "", text: digitsOf(value * factor, decimals), suffix };
    }
    case "si":
      return siText(value, spec.symbol, spec.power, decimals);
    case "decimal":
      return decimalText(value, spec.symbol, spec.power, decimals);
    case "iec":
      return iecText(value, spec.symbol, spec.power, decimals);
    case "count":
      return countText(value, spec.symbol, decimals);
    case "currency":
      return currencyText(value, spec.symbol, spec.side, decimals);
    case "duration":
      return durationText(value * spec.seconds, decimals, spec.zero);
    case "own":
      return spec.text(value, decimals);
    case "date": {
      const text =
        spec.today === undefined
          ? dateText(value, spec.pattern, timeZone)
          : dateTextToday(value, Date.now(), spec.pattern, spec.today, timeZone);
      return { prefix: "", text, suffix: "" };
    }
    case "from_now":
      return { prefix: "", text: fromNowText(value, Date.now()), suffix: "" };
  }
}

/** A number without a unit is not shortened: whole ones stand in full, others with four significant digits. */
function plainDigits(value: number, decimals?: number): string {
  if (decimals !== undefined) return digitsOf(value, decimals);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value).replace("-", "−");
  const size = Math.abs(value);
  return size >= 100 && size < 1e15 ? digitsOf(value, 1).replace(/\.0$/, "") : digitsOf(value);
}
