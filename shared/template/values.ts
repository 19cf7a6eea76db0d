/** A moment, and the zone in which it is shown. */
export class TemplateTime {
  readonly ns: bigint;
  readonly zone: string;

  constructor(ns: bigint, zone = "UTC") {
    this.ns = ns;
    this.zone = zone;
  }
}

/** What templates compute with: integers are bigint, fractions number, as Go tells int64 from float64. undefined is nil. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | undefined
  | TemplateTime
  | readonly Value[]
  | { readonly [name: string]: Value };

/** A failure of a template on one record: the record keeps its line and gets `__error__`. */
export class ExecutionError extends Error {}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMap(value: Value): value is { readonly [name: string]: Value } {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof TemplateTime);
}

/** Go's notion of what an `if` goes by. */
export function isTrue(value: Value): boolean {
  if (value === undefined) return false;
  if (typeof value === "string" || isList(value)) return value.length > 0;
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0;
  if (typeof value === "bigint") return value !== 0n;
  return value instanceof TemplateTime || Object.keys(value).length > 0;
}
