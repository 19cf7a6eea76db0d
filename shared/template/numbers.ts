import { parseFloat64 } from "../text/go_units.ts";
import { formatPlain } from "../text/go_float_text.ts";
import {
  type Decimal,
  addDecimals,
  decimalOf,
  divideDecimals,
  multiplyDecimals,
  numberOf,
  subtractDecimals,
} from "./decimal.ts";
import { ExecutionError, type Value, isList } from "./values.ts";

/** sprig's numbers: whatever can't be read as one is 0. */

const int64 = 1n << 63n;

export function toInteger(value: Value): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number")
    return Number.isFinite(value) ? wrapped(BigInt(Math.trunc(value))) : 0n;
  if (typeof value !== "string") return 0n;
  const text = value.trim();
  if (/^[+-]?(?:\d{1,19}|0[xX][0-9a-fA-F]{1,16})$/.test(text)) {
    const size = BigInt(text.replace(/^[+-]/, ""));
    return size >= int64 ? 0n : text.startsWith("-") ? -size : size;
  }
  return 0n;
}

/** As a machine word overflows. */
function wrapped(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function toFloat(value: Value): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "string" ? (parseFloat64(value) ?? 0) : 0;
}

function integers(args: readonly Value[], combine: (a: bigint, b: bigint) => bigint): bigint {
  return args.map(toInteger).reduce((a, b) => wrapped(combine(a, b)));
}

function floats(args: readonly Value[], combine: (a: number, b: number) => number): number {
  return args.map(toFloat).reduce(combine);
}

/** sprig's addf and the like: in decimals, so that tenths add up. Throws ExecutionError where Go's decimals would panic. */
function decimals(
  name: string,
  args: readonly Value[],
  combine: (a: Decimal, b: Decimal) => Decimal,
): number {
  const calling = (fault: string) => new ExecutionError(`error calling ${name}: ${fault}`);
  const values = args.map((arg) => {
    const value = toFloat(arg);
    if (!Number.isFinite(value))
      throw calling(`Cannot create a Decimal from ${formatPlain(value)}`);
    return decimalOf(value);
  });
  if (name === "divf" && values.slice(1).some(({ digits }) => digits === 0n))
    throw calling("decimal division by 0");
  return numberOf(values.reduce(combine));
}

function divide(a: bigint, b: bigint): bigint {
  if (b === 0n)
    throw new ExecutionError("error calling div: runtime error: integer divide by zero");
  return a / b;
}

function remainder(a: bigint, b: bigint): bigint {
  if (b === 0n)
    throw new ExecutionError("error calling mod: runtime error: integer divide by zero");
  return a % b;
}

/** sprig's round(value, places, threshold). */
function round(args: readonly Value[]): number {
  const value = toFloat(args[0]);
  const places = 10 ** Number(toInteger(args[1]));
  const threshold = args.length > 2 ? toFloat(args[2]) : 0.5;
  const digit = places * value;
  const fraction = digit % 1;
  // A part below zero is under every threshold: sprig rounds down there.
  return (fraction >= threshold ? Math.ceil(digit) : Math.floor(digit)) / places;
}

export const numberFunctions: Readonly<Record<string, (...args: readonly Value[]) => Value>> = {
  int: (value) => toInteger(value),
  float64: (value) => toFloat(value),
  add: (...args) => integers([0n, ...args], (a, b) => a + b),
  sub: (a, b) => integers([a, b], (x, y) => x - y),
  mul: (...args) => integers(args, (a, b) => a * b),
  div: (a, b) => integers([a, b], divide),
  mod: (a, b) => integers([a, b], remainder),
  addf: (...args) => decimals("addf", [0, ...args], addDecimals),
  subf: (...args) => decimals("subf", args, subtractDecimals),
  mulf: (...args) => decimals("mulf", args, multiplyDecimals),
  divf: (...args) => decimals("divf", args, divideDecimals),
  max: (...args) => integers(args, (a, b) => (a > b ? a : b)),
  min: (...args) => integers(args, (a, b) => (a < b ? a : b)),
  maxf: (...args) => floats(args, (a, b) => Math.max(a, b)),
  minf: (...args) => floats(args, (a, b) => Math.min(a, b)),
  ceil: (value) => Math.ceil(toFloat(value)),
  floor: (value) => Math.floor(toFloat(value)),
  round: (...args) => round(args),
};

/** Whether two values are equal as Go's eq has it: of one kind, or an error. */
export function areEqual(a: Value, b: Value): boolean {
  if (typeof a !== typeof b && a !== undefined && b !== undefined)
    throw new ExecutionError("error calling eq: incompatible types for comparison");
  if (isList(a) || typeof a === "object")
    throw new ExecutionError("error calling eq: uncomparable type");
  return a === b;
}

export function isLess(a: Value, b: Value): boolean {
  const isOrdered = typeof a === "string" || typeof a === "number" || typeof a === "bigint";
  if (!isOrdered || typeof a !== typeof b || b === undefined)
    throw new ExecutionError("error calling lt: incompatible types for comparison");
  return a < b;
}
