/** For bugs only: throws when an invariant of our own code does not hold. Life goes through OperatingError. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
