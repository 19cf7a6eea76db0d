/**
 * Numbers as Go prints them. JavaScript finds the same shortest digits; only the layout differs ("1e-07", "+Inf", "-0").
 */

/** A sample value in the HTTP API: plain digits, exponents only below 1e-6 and from 1e21 on. */
export function formatSample(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15)
    return Object.is(value, -0) ? "-0" : String(value);
  const size = Math.abs(value);
  if (size < 1e-6 || size >= 1e21) return special(value) ?? exponential(value);
  return special(value) ?? String(value);
}

/** Go's %g: exponents below 1e-4 and from 1e6 on. */
export function formatShort(value: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e6)) return special(value) ?? exponential(value);
  return special(value) ?? String(value);
}

/** Go's 'e' with the fewest digits: always an exponent, "1e+00". */
export function formatExponent(value: number): string {
  return Number.isFinite(value) ? exponential(value) : (special(value) ?? "NaN");
}

/** Digits without any exponent: what count_values() writes into its label. */
export function formatPlain(value: number): string {
  const known = special(value);
  if (known !== undefined) return known;
  const size = Math.abs(value);
  if (size < 1e21 && size >= 1e-6) return String(value);
  if (size >= 1e21) return BigInt(value).toString();
  const [mantissa = "", exponent = "0"] = size.toExponential().split("e");
  return `${value < 0 ? "-" : ""}0.${"0".repeat(-Number(exponent) - 1)}${mantissa.replace(".", "")}`;
}

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return "NaN";
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  return undefined;
}

function exponential(value: number): string {
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const sign = exponent.startsWith("-") ? "-" : "+";
  return `${mantissa}e${sign}${String(Math.abs(Number(exponent))).padStart(2, "0")}`;
}
