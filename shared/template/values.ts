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

type Method = (...args: readonly Value[]) => Value;
type Type = {
  readonly methods: Readonly<Record<string, Method>>;
  /** What a missing key of a map gives: nil without it. */
  readonly missing?: Value;
  /** Of a struct: another field than those that it has is an error. */
  readonly isStruct?: boolean;
};

const types = new WeakMap<object, Type>();

/** Gives a list or map methods, or a value for keys that it does not have, as a type of Go's has. */
export function typed<Kind extends readonly Value[] | { readonly [name: string]: Value }>(
  value: Kind,
  type: Type,
): Kind {
  types.set(value, type);
  return value;
}

export function methodOf(value: Value, name: string): Method | undefined {
  if (typeof value !== "object") return undefined;
  const methods = types.get(value)?.methods;
  return methods !== undefined && Object.hasOwn(methods, name) ? methods[name] : undefined;
}

/** Whether a value is a struct without such a field. */
export function lacksField(value: { readonly [name: string]: Value }, name: string): boolean {
  return types.get(value)?.isStruct === true && !Object.hasOwn(value, name);
}

/** A key of a map. */
export function memberOf(map: { readonly [name: string]: Value }, name: string): Value {
  return Object.hasOwn(map, name) ? map[name] : types.get(map)?.missing;
}
