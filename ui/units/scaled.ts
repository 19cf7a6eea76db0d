/** A value as it is shown: what stands before and behind the digits is kept apart, so that it can be drawn smaller. */
export type UnitText = {
  readonly prefix: string;
  readonly text: string;
  readonly suffix: string;
};

/** Digits of a number: as many places as asked for, else three significant digits without needless zeros. */
export function digitsOf(value: number, decimals?: number): string {
  if (decimals !== undefined) {
    const text = value.toFixed(Math.min(20, Math.max(0, decimals)));
    return minus(/^-0(?:\.0+)?$/.test(text) ? text.slice(1) : text);
  }
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e15 || size < 1e-6) return minus(value.toExponential(2).replace(/\.?0+e/, "e"));
  const places =
    size >= 100
      ? 0
      : size >= 10
        ? 1
        : size >= 1
          ? 2
          : Math.min(10, 2 - Math.floor(Math.log10(size)));
  const text = value.toFixed(places);
  return minus(text.includes(".") ? text.replace(/\.?0+$/, "") : text);
}

function minus(text: string): string {
  return text.startsWith("-") ? `−${text.slice(1)}` : text;
}

/** The step of a ladder of sizes that a value is shown in, by its size after rounding: 999.96 is 1 k, not 1,000. */
function climb(value: number, base: number, from: number, steps: number): [number, number] {
  let scaled = value;
  let at = from;
  while (roundedSize(scaled) >= base && at < steps - 1) {
    scaled /= base;
    at += 1;
  }
  return [scaled, at];
}

function roundedSize(value: number): number {
  const size = Math.abs(value);
  return size >= 100 ? Math.round(size) : size;
}

const siPrefixes = ["f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y"];
const siNone = 5;

/** With an SI prefix: 1,530 of "Hz" is "1.53 kHz". `power` is the exponent of 1,000 that the value comes in: 1 for kHz. */
export function siText(value: number, symbol: string, power: number, decimals?: number): UnitText {
  if (value === 0)
    return {
      prefix: "",
      text: digitsOf(0, decimals),
      suffix: suffixed(siPrefixes[siNone + power] ?? "", symbol),
    };
  let scaled = value;
  let at = siNone + power;
  while (Math.abs(scaled) < 1 && at > 0) {
    scaled *= 1_000;
    at -= 1;
  }
  [scaled, at] = climb(scaled, 1_000, at, siPrefixes.length);
  return {
    prefix: "",
    text: digitsOf(scaled, decimals),
    suffix: suffixed(siPrefixes[at] ?? "", symbol),
  };
}

const iecPrefixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];

/** With an IEC prefix, powers of 1,024: 1,536 of "B" is "1.5 KiB". */
export function iecText(value: number, symbol: string, power: number, decimals?: number): UnitText {
  return ladder(value, 1_024, iecPrefixes, symbol, power, decimals);
}

const countPrefixes = ["", "k", "M", "G", "T", "P", "E"];

/** Counts grow only: a fraction of a request is shown as a fraction, not as milli-requests. */
export function countText(value: number, symbol: string, decimals?: number): UnitText {
  const { text, suffix } = ladder(value, 1_000, countPrefixes, "", 0, decimals);
  return { prefix: "", text, suffix: symbol === "" ? suffix : `${suffix} ${symbol}` };
}

/** Sizes in powers of 1,000 that have no part smaller than one, such as bytes. */
export function decimalText(
  value: number,
  symbol: string,
  power: number,
  decimals?: number,
): UnitText {
  return ladder(value, 1_000, countPrefixes, symbol, power, decimals);
}

function ladder(
  value: number,
  base: number,
  prefixes: readonly string[],
  symbol: string,
  power: number,
  decimals: number | undefined,
): UnitText {
  let scaled = value;
  let at = power;
  while (Math.abs(scaled) < 1 && scaled !== 0 && at > 0) {
    scaled *= base;
    at -= 1;
  }
  [scaled, at] = climb(scaled, base, at, prefixes.length);
  return {
    prefix: "",
    text: digitsOf(scaled, decimals),
    suffix: suffixed(prefixes[at] ?? "", symbol),
  };
}

function suffixed(prefix: string, symbol: string): string {
  const unit = prefix + symbol;
  return unit === "" ? "" : ` ${unit}`;
}

/** Money in words of its scale: "$1.2 M". */
export function currencyText(
  value: number,
  symbol: string,
  side: "before" | "after",
  decimals?: number,
): UnitText {
  const [scaled, at] = climb(value, 1_000, 0, 5);
  const word = ["", "K", "M", "B", "T"][at] ?? "";
  const sign = scaled < 0 ? "−" : "";
  const text = digitsOf(Math.abs(scaled), decimals);
  return side === "before"
    ? { prefix: `${sign}${symbol}`, text, suffix: word === "" ? "" : ` ${word}` }
    : { prefix: "", text: sign + text, suffix: ` ${word}${symbol}` };
}
