import { OperatingError } from "#shared/errors.ts";

/** The error of columns that do not fit together. */
export function corrupt(what: string): OperatingError {
  return new OperatingError("corrupt", `the aggregator answered columns with ${what}`);
}
