import type { ArithmeticOp, ComparisonOp } from "#shared/query_language/promql/ast.ts";

/** Go's math.Pow, where it differs from JavaScript's: 1 to any power is 1, as is -1 to an infinite one. */
function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && (exponent === Infinity || exponent === -Infinity)) return 1;
  return base ** exponent;
}

/** Go's math.Max: an infinity wins over NaN. */
export function maxOf(a: number, b: number): number {
  return a === Infinity || b === Infinity ? Infinity : Math.max(a, b);
}

export function minOf(a: number, b: number): number {
  return a === -Infinity || b === -Infinity ? -Infinity : Math.min(a, b);
}

export const arithmetic: Readonly<Record<ArithmeticOp, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "^": power,
  atan2: (a, b) => Math.atan2(a, b),
};

export const comparison: Readonly<Record<ComparisonOp, (a: number, b: number) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
};

function sign(value: number): number {
  if (value > 0) return 1;
  return value < 0 ? -1 : value;
}

/** Functions of one number. */
export const mathFunctions: ReadonlyMap<string, (value: number) => number> = new Map([
  ["abs", Math.abs],
  ["ceil", Math.ceil],
  ["floor", Math.floor],
  ["exp", Math.exp],
  ["sqrt", Math.sqrt],
  ["ln", Math.log],
  ["log2", Math.log2],
  ["log10", Math.log10],
  ["sin", Math.sin],
  ["cos", Math.cos],
  ["tan", Math.tan],
  ["asin", Math.asin],
  ["acos", Math.acos],
  ["atan", Math.atan],
  ["sinh", Math.sinh],
  ["cosh", Math.cosh],
  ["tanh", Math.tanh],
  ["asinh", Math.asinh],
  ["acosh", Math.acosh],
  ["atanh", Math.atanh],
  ["rad", (value: number) => (value * Math.PI) / 180],
  ["deg", (value: number) => (value * 180) / Math.PI],
  ["sgn", sign],
]);

const dayMs = 86_400_000;

function startOfYear(date: Date): number {
  return Date.UTC(date.getUTCFullYear(), 0, 1);
}

/** Functions of a time in Unix seconds, in UTC. */
export const dateFunctions: ReadonlyMap<string, (date: Date) => number> = new Map([
  ["year", (date: Date) => date.getUTCFullYear()],
  ["month", (date: Date) => date.getUTCMonth() + 1],
  ["day_of_month", (date: Date) => date.getUTCDate()],
  ["day_of_week", (date: Date) => date.getUTCDay()],
  ["day_of_year", (date: Date) => Math.floor((date.getTime() - startOfYear(date)) / dayMs) + 1],
  [
    "days_in_month",
    (date: Date) =>
      new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
  ],
  ["hour", (date: Date) => date.getUTCHours()],
  ["minute", (date: Date) => date.getUTCMinutes()],
]);
