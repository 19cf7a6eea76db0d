import { formatTime } from "./time.ts";
import type { TemplateFunction } from "./functions.ts";
import { durationOf } from "./duration_values.ts";
import { textOf } from "./text.ts";
import { ExecutionError, TemplateTime, type Value } from "./values.ts";

const nsPerSecond = 1_000_000_000n;
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

type Method = (time: TemplateTime, ...args: readonly Value[]) => Value;

/** Methods of Go's time.Time that templates of alerts call. */
const methods: Readonly<Record<string, Method>> = {
  Format: (time, layout) => formatTime(time, textOf(layout)),
  String: (time) => textOf(time),
  UTC: ({ ns }) => new TemplateTime(ns),
  Local: ({ ns }) => new TemplateTime(ns, localZone()),
  Unix: ({ ns }) => floorDiv(ns, nsPerSecond),
  UnixMilli: ({ ns }) => floorDiv(ns, 1_000_000n),
  UnixNano: ({ ns }) => ns,
  IsZero: ({ ns }) => ns === zeroNs,
  After: (time, other) => time.ns > timeOf(other).ns,
  Before: (time, other) => time.ns < timeOf(other).ns,
  Equal: (time, other) => time.ns === timeOf(other).ns,
  Sub: (time, other) => durationOf(time.ns - timeOf(other).ns),
  Year: (time) => BigInt(formatTime(time, "2006")),
  Month: (time) => formatTime(time, "January"),
  Day: (time) => BigInt(formatTime(time, "2")),
  Hour: (time) => BigInt(formatTime(time, "15")),
  Minute: (time) => BigInt(formatTime(time, "4")),
  Second: (time) => BigInt(formatTime(time, "5")),
  Weekday: (time) => days.find((day) => day === formatTime(time, "Monday")) ?? "",
};

/** 0001-01-01T00:00:00Z, Go's zero time. */
const zeroNs = -62_135_596_800n * nsPerSecond;

export function timeMethod(time: TemplateTime, name: string): TemplateFunction | undefined {
  if (!Object.hasOwn(methods, name)) return undefined;
  const method = methods[name];
  return method === undefined ? undefined : (...args) => method(time, ...args);
}

function timeOf(value: Value): TemplateTime {
  if (value instanceof TemplateTime) return value;
  throw new ExecutionError("wrong type for value; expected time.Time");
}

function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
