import { textOf } from "./text.ts";

/** More digits than a number needs to tell on which side of a half it lies. */
const digitsMax = 100;

/** A number by one of Go's verbs e, f and g, without a sign for numbers above 0. Halves are rounded to even, as Go does and JavaScript does not. */
export function floatText(verb: "e" | "f" | "g", value: number, precision?: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value < 0 ? "-Inf" : "+Inf";
  if (verb === "g" && precision === undefined) return textOf(value);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const places = Math.min(digitsMax, precision ?? 6);
  const size = Math.abs(value);
  switch (verb) {
    case "f":
      return sign + fixed(size, places);
    case "e":
      return sign + exponential(size, places);
    case "g":
      return sign + general(size, Math.max(1, places));
  }
}

function fixed(size: number, places: number): string {
  const [whole = "", fraction = ""] =
    size >= 1e21
      ? [BigInt(size).toString(), "0".repeat(digitsMax)]
      : size.toFixed(digitsMax).split(".");
  const kept = whole + fraction.slice(0, places);
  const digits = nearest(kept, fraction.slice(places)).padStart(places + 1, "0");
  if (places === 0) return digits;
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** So many digits that count, and the power of ten of the first. */
function significant(size: number, count: number): { digits: string; power: number } {
  const [mantissa = "", power = "0"] = size.toExponential(digitsMax).split("e");
  const all = mantissa.replace(".", "");
  const digits = nearest(all.slice(0, count), all.slice(count));
  // 9.99 became 10.0.
  return digits.length > count
    ? { digits: digits.slice(0, count), power: Number(power) + 1 }
    : { digits: digits.padStart(count, "0"), power: Number(power) };
}

/** Digits, rounded by those behind them. */
function nearest(kept: string, rest: string): string {
  const isHalf = /^50*$/.test(rest);
  const isUp = isHalf ? "13579".includes(kept.at(-1) ?? "0") : (rest[0] ?? "0") >= "5";
  return isUp ? (BigInt(kept) + 1n).toString() : BigInt(kept).toString();
}

function exponential(size: number, places: number): string {
  const { digits, power } = significant(size, places + 1);
  return mantissaText(digits) + powerText(power);
}

function general(size: number, count: number): string {
  const { digits, power } = significant(size, count);
  const short = digits.replace(/0+$/, "") || "0";
  if (power < -4 || power >= count) return mantissaText(short) + powerText(power);
  if (power < 0) return `0.${"0".repeat(-power - 1)}${short}`;
  const whole = short.slice(0, power + 1).padEnd(power + 1, "0");
  const fraction = short.slice(power + 1);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

function mantissaText(digits: string): string {
  return digits.length === 1 ? digits : `${digits.slice(0, 1)}.${digits.slice(1)}`;
}

function powerText(power: number): string {
  return `e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
