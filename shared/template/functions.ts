import { bytesFault, durationFault, parseBytes, parseGoDuration } from "../text/go_units.ts";
import { areEqual, isLess, numberFunctions, toInteger } from "./numbers.ts";
import { printf } from "./printf.ts";
import { textOf } from "./text.ts";
import { textFunctions } from "./text_functions.ts";
import { formatTime, isZone, parseTime } from "./time.ts";
import {
  ExecutionError,
  TemplateTime,
  type Value,
  isList,
  isMap,
  isTrue,
  memberOf,
} from "./values.ts";

type JsonValue = null | string | number | boolean | JsonValue[] | { [name: string]: JsonValue };

export type TemplateFunction = (...args: readonly Value[]) => Value;

function bytes(value: Value): number {
  const text = textOf(value);
  const size = parseBytes(text);
  if (size === undefined) throw new ExecutionError(`error calling bytes: ${bytesFault(text)}`);
  return size;
}

function duration(value: Value): number {
  const text = textOf(value);
  const ns = parseGoDuration(text);
  if (ns === undefined) throw new ExecutionError(`error calling duration: ${durationFault(text)}`);
  return ns / 1e9;
}

/** Five digits are days, ten seconds, thirteen milliseconds, sixteen microseconds, nineteen nanoseconds. */
const unitOfLength: Readonly<Record<number, bigint>> = {
  5: 86_400_000_000_000n,
  10: 1_000_000_000n,
  13: 1_000_000n,
  16: 1_000n,
  19: 1n,
};

function unixToTime(value: Value): TemplateTime {
  const text = textOf(value);
  const unit = unitOfLength[text.length];
  if (unit === undefined || !/^-?\d+$/.test(text))
    throw new ExecutionError(`error calling unixToTime: unable to parse time '${text}'`);
  return new TemplateTime(BigInt(text) * unit);
}

function timeOf(value: Value): TemplateTime {
  if (value instanceof TemplateTime) return value;
  if (typeof value === "bigint") return new TemplateTime(value * 1_000_000_000n);
  throw new ExecutionError(`wrong type for value; expected time.Time; got ${goType(value)}`);
}

function goType(value: Value): string {
  if (typeof value === "bigint") return "int64";
  if (typeof value === "number") return "float64";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** Go's zero time, which is what a text that fits no layout gives. */
const zeroTime = new TemplateTime(-62_135_596_800_000_000_000n);

const timeFunctions: Readonly<Record<string, TemplateFunction>> = {
  unixEpoch: (time) => String(floorSeconds(timeOf(time).ns)),
  unixEpochMillis: (time) => String(timeOf(time).ns / 1_000_000n),
  unixEpochNanos: (time) => String(timeOf(time).ns),
  unixToTime: (text) => unixToTime(text),
  date: (layout, time) => formatTime(timeOf(time), textOf(layout)),
  toDate: (layout, text) => parseTime(textOf(layout), textOf(text)) ?? zeroTime,
  toDateInZone: (layout, zone, text) => {
    const name = textOf(zone);
    return parseTime(textOf(layout), textOf(text), isZone(name) ? name : "UTC") ?? zeroTime;
  },
};

function floorSeconds(ns: bigint): bigint {
  const seconds = ns / 1_000_000_000n;
  return ns % 1_000_000_000n < 0n ? seconds - 1n : seconds;
}

function index(of: Value, ...keys: readonly Value[]): Value {
  return keys.reduce((value, key) => item(value, key), of);
}

function item(value: Value, key: Value): Value {
  if (isList(value) || typeof value === "string") {
    const at = Number(toInteger(key));
    if (at < 0 || at >= value.length)
      throw new ExecutionError(`error calling index: index out of range: ${at}`);
    return isList(value) ? value[at] : BigInt(Buffer.from(value)[at] ?? 0);
  }
  if (isMap(value)) return memberOf(value, textOf(key));
  throw new ExecutionError(`error calling index: can't index item of type ${goType(value)}`);
}

function slice(of: Value, from: Value, to: Value): Value {
  if (!isList(of) && typeof of !== "string")
    throw new ExecutionError(`error calling slice: can't slice item of type ${goType(of)}`);
  const start = from === undefined ? 0 : Number(toInteger(from));
  const end = to === undefined ? of.length : Number(toInteger(to));
  if (start < 0 || end > of.length || start > end)
    throw new ExecutionError(`error calling slice: index out of range: ${start}`);
  return of.slice(start, end);
}

function lengthOf(value: Value): bigint {
  if (typeof value === "string") return BigInt(Buffer.byteLength(value));
  if (isList(value)) return BigInt(value.length);
  if (isMap(value)) return BigInt(Object.keys(value).length);
  throw new ExecutionError(`error calling len: len of type ${goType(value)}`);
}

/** JSON as Go reads it into an interface: numbers are fractions. What is no JSON is nil. */
function fromJson(value: Value): Value {
  try {
    return withNil(JSON.parse(textOf(value)));
  } catch {
    return undefined;
  }
}

/** A reviver that gives undefined would leave a hole in a list, and take a member out of an object. */
function withNil(value: JsonValue): Value {
  if (value === null) return undefined;
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(withNil);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withNil(inner)]));
}

/** Go's fmt.Sprint: spaces between operands when neither is a string. */
function print(args: readonly Value[]): string {
  let text = "";
  for (const [i, arg] of args.entries()) {
    const isApart = i > 0 && typeof arg !== "string" && typeof args[i - 1] !== "string";
    text += `${isApart ? " " : ""}${textOf(arg)}`;
  }
  return text;
}

/** Functions of Go itself. */
export const goFunctions: Readonly<Record<string, TemplateFunction>> = {
  and: (...args) => args.find((arg) => !isTrue(arg)) ?? args.at(-1),
  or: (...args) => args.find((arg) => isTrue(arg)) ?? args.at(-1),
  not: (value) => !isTrue(value),
  eq: (first, ...others) => others.some((other) => areEqual(first, other)),
  ne: (a, b) => !areEqual(a, b),
  lt: (a, b) => isLess(a, b),
  le: (a, b) => isLess(a, b) || areEqual(a, b),
  gt: (a, b) => isLess(b, a),
  ge: (a, b) => isLess(b, a) || areEqual(a, b),
  len: (value) => lengthOf(value),
  index,
  slice: (of, from, to) => slice(of, from, to),
  print: (...args) => print(args),
  println: (...args) => `${args.map(textOf).join(" ")}\n`,
  printf: (format, ...args) => printf(textOf(format), args),
};

/** All that a template may call: of Go itself, of sprig, and Loki's own. `__line__`, `__timestamp__` and `now` are the record's. */
export const templateFunctions: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({
    ...goFunctions,
    ...textFunctions,
    ...numberFunctions,
    ...timeFunctions,
    bytes,
    duration,
    duration_seconds: duration,
    fromJson,
    default: (given: Value, value: Value) => (value !== undefined && isTrue(value) ? value : given),
  }),
);

/** How many arguments a function takes at least; calls with fewer are refused when the template is read. */
export function argumentsMin(name: string): number {
  return minima[name] ?? 1;
}

const minima: Readonly<Record<string, number>> = {
  Replace: 4,
  replace: 3,
  regexReplaceAll: 3,
  regexReplaceAllLiteral: 3,
  substr: 3,
  toDateInZone: 3,
  print: 0,
  println: 0,
  ...Object.fromEntries(
    (
      "Trim TrimLeft TrimRight TrimPrefix TrimSuffix trimAll trimPrefix trimSuffix contains hasPrefix hasSuffix count " +
      "trunc indent nindent repeat alignLeft alignRight sub div mod round date toDate eq ne lt le gt ge default"
    )
      .split(" ")
      .map((name) => [name, 2]),
  ),
};
