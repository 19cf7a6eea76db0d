/** Go's and go-humanize's ways to read numbers, durations and sizes: what label filters, unwrap and templates go by. */

const unitNs: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  "\u00b5s": 1e3,
  "\u03bcs": 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
};
const durationShape = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/;
const durationPart = /(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g;

/** Go's time.ParseDuration ("1h15m30.918s") in nanoseconds, or undefined. */
export function parseGoDuration(text: string): number | undefined {
  if (text === "0" || text === "+0" || text === "-0") return 0;
  if (!durationShape.test(text)) return undefined;
  let sum = 0;
  for (const [, amount = "", unit = ""] of text.matchAll(durationPart))
    sum += Number(amount) * (unitNs[unit] ?? 0);
  if (sum > 2 ** 63) return undefined;
  return text.startsWith("-") ? -sum : sum;
}

/** Go's words for a text that is no duration. */
export function durationFault(text: string): string {
  const quoted = JSON.stringify(text);
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(text)) return `time: missing unit in duration ${quoted}`;
  const unit = /^[+-]?(?:\d+\.?\d*|\.\d+)([^\d.]+)/.exec(text)?.[1];
  if (unit !== undefined && unitNs[unit] === undefined)
    return `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
  return `time: invalid duration ${quoted}`;
}

const [kilo, kibi] = [1_000, 1_024];
const unitBytes: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: kilo,
  kb: kilo,
  ki: kibi,
  kib: kibi,
  m: kilo ** 2,
  mb: kilo ** 2,
  mi: kibi ** 2,
  mib: kibi ** 2,
  g: kilo ** 3,
  gb: kilo ** 3,
  gi: kibi ** 3,
  gib: kibi ** 3,
  t: kilo ** 4,
  tb: kilo ** 4,
  ti: kibi ** 4,
  tib: kibi ** 4,
  p: kilo ** 5,
  pb: kilo ** 5,
  pi: kibi ** 5,
  pib: kibi ** 5,
  e: kilo ** 6,
  eb: kilo ** 6,
  ei: kibi ** 6,
  eib: kibi ** 6,
};
const sizeShape = /^((?:\d|,)*\.?(?:\d|,)*)\s*([a-zA-Z]*)\s*$/;

/** humanize.ParseBytes ("1.5 KiB", "42MB", "7") in bytes, or undefined. Units are read in any case; KB is 1,000. */
export function parseBytes(text: string): number | undefined {
  const [, digits = "", unit = ""] = sizeShape.exec(text) ?? [];
  const size = unitBytes[unit.toLowerCase()];
  const plain = digits.replaceAll(",", "");
  if (size === undefined || plain === "" || plain === ".") return undefined;
  const bytes = Math.trunc(Number(plain) * size);
  return bytes < 2 ** 64 ? bytes : undefined;
}

export function bytesFault(text: string): string {
  const digits = /^[\d.,]*/.exec(text)?.[0] ?? "";
  const unit = text.slice(digits.length).trim();
  if (digits === "" || Number.isNaN(Number(digits.replaceAll(",", ""))))
    return `strconv.ParseFloat: parsing ${JSON.stringify(digits)}: invalid syntax`;
  return unitBytes[unit.toLowerCase()] === undefined
    ? `unhandled size name: ${unit.toLowerCase()}`
    : `too large: ${text}`;
}

const floatShape = /^[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const specialFloat = /^([+-]?)(inf|infinity|nan)$/i;

/** Go's strconv.ParseFloat, or undefined. */
export function parseFloat64(text: string): number | undefined {
  // Digits alone, nearly all that comes here, need no expression.
  if (isDigits(text)) return Number(text);
  if (floatShape.test(text) && !text.includes("_")) return Number(text);
  if (/^[+-]?0[xX][0-9a-fA-F]+(?:p[+-]?\d+)?$/.test(text)) return hexFloat(text);
  const special = specialFloat.exec(text);
  if (special === null) return undefined;
  if (special[2]?.toLowerCase() === "nan") return Number.NaN;
  return special[1] === "-" ? -Infinity : Infinity;
}

function isDigits(text: string): boolean {
  const { length } = text;
  if (length === 0 || length > 15) return false;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return false;
  }
  return true;
}

function hexFloat(text: string): number | undefined {
  // Go wants the exponent of a hexadecimal float.
  const parts = /^([+-]?)0[xX]([0-9a-fA-F]+)p([+-]?\d+)$/.exec(text);
  if (parts === null) return undefined;
  const value = Number.parseInt(parts[2] ?? "", 16) * 2 ** Number(parts[3]);
  return parts[1] === "-" ? -value : value;
}

export function floatFault(text: string): string {
  return `strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`;
}

/** time.Duration.String(): "1h15m30.918s", "250ms", "0s". */
export function formatGoDuration(ns: number): string {
  if (ns === 0) return "0s";
  const sign = ns < 0 ? "-" : "";
  const size = Math.abs(ns);
  if (size < 1e3) return `${sign}${size}ns`;
  if (size < 1e6) return `${sign}${size / 1e3}\u00b5s`;
  if (size < 1e9) return `${sign}${size / 1e6}ms`;
  const hours = Math.floor(size / 3_600e9);
  const minutes = Math.floor((size % 3_600e9) / 60e9);
  const rest = size % 60e9;
  const fraction = String(Math.round(rest % 1e9))
    .padStart(9, "0")
    .replace(/0+$/, "");
  const seconds = `${Math.floor(rest / 1e9)}${fraction === "" ? "" : `.${fraction}`}s`;
  const head = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : "";
  return `${sign}${head}${seconds}`;
}
