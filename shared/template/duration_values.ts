import { formatGoDuration } from "../text/go_units.ts";
import { type Value, typed } from "./values.ts";

const durations = new WeakMap<object, bigint>();

/** Go's time.Duration. */
export function durationOf(ns: bigint): Value {
  const value = typed(
    { ns },
    {
      methods: {
        String: () => formatGoDuration(Number(ns)),
        Seconds: () => Number(ns) / 1e9,
        Minutes: () => Number(ns) / 60e9,
        Hours: () => Number(ns) / 3_600e9,
        Milliseconds: () => ns / 1_000_000n,
      },
    },
  );
  durations.set(value, ns);
  return value;
}

/** Nanoseconds of a duration that durationOf() made; undefined for other values. */
export function nanosecondsOf(value: Value): bigint | undefined {
  return typeof value === "object" ? durations.get(value) : undefined;
}
