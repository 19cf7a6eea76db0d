import type { Family, SampleSink } from "../../collect/samples/family.ts";

/** A JSON object of a service: nothing about its fields is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Where a number lies in an answer, and what metric it becomes; `factor` turns the service's unit into the metric's. */
export type NumberAt = readonly [path: string, family: Family, factor?: number];

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object itself; an empty one where it is anything else, so that what an answer lacks is merely absent. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

export function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Text as it is, numbers and booleans as text, anything else as "". */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return "";
}

/** Numbers, and booleans as 1 and 0; undefined for anything else. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "bigint" ? Number(value) : undefined;
}

/** What lies at "a.b.c"; undefined where a part is absent. Fields whose names hold dots are not reached. */
export function valueAt(value: unknown, path: string): unknown {
  let found: unknown = value;
  for (const key of path.split(".")) {
    if (!isObject(found) || !Object.hasOwn(found, key)) return undefined;
    found = found[key];
  }
  return found;
}

/** Adds the numbers that a table names; those that the answer lacks are left out. */
export function addNumbers(
  sink: SampleSink,
  answer: unknown,
  table: readonly NumberAt[],
  ...labelValues: readonly string[]
): void {
  for (const [path, family, factor] of table) {
    const value = numberOf(valueAt(answer, path));
    if (value !== undefined)
      sink.add(family, factor === undefined ? value : value * factor, ...labelValues);
  }
}
