/** For bugs only: throws when an invariant of our own code does not hold. Life goes through OperatingError. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** The end of a switch over a closed set: it does not compile while a case is missing, and throws for a value from outside of the types. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
