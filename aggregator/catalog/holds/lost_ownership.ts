import { OperatingError } from "#shared/errors.ts";

/** This process no longer owns its catalog: what it holds in memory may be stored by the new owner already, so it may write nothing. */
export class LostOwnershipError extends OperatingError {
  constructor(reason: string) {
    super(
      "unavailable",
      `this process no longer owns the catalog (${reason}): it commits nothing more and stops`,
    );
  }
}
