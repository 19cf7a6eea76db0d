import { OperatingError } from "#shared/errors.ts";

/** The year 9999 in Unix milliseconds. */
const msMax = 253_402_300_799_999;

/** Whole Unix milliseconds. Throws OperatingError "bad_request". */
export function timeOf(name: string, ms: number): number {
  if (Number.isFinite(ms) && Math.abs(ms) <= msMax) return Math.round(ms);
  throw new OperatingError("bad_request", `${name} is ${ms}: expected Unix milliseconds`);
}

/** Zero stands for the default. Throws OperatingError "bad_request". */
export function limitOf(
  limit: number,
  bounds: { readonly default: number; readonly max: number },
): number {
  if (limit === 0) return bounds.default;
  if (limit > 0 && limit <= bounds.max) return limit;
  throw new OperatingError(
    "bad_request",
    `limit is ${limit}: expected 1 to ${bounds.max}, or 0 for ${bounds.default}`,
  );
}
