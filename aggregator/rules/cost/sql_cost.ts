import { OperatingError } from "#shared/errors.ts";

/** Why a rule over SQL has no cost. */
export function unknownSqlCost(): OperatingError {
  return new OperatingError("bad_request", "what SQL reads is not known before it runs");
}
