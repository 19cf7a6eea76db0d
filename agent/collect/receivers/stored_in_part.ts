import { OperatingError, messageOf } from "#shared/errors.ts";

/** The spool took the first records of a batch, and then no more of it. */
export class StoredInPartError extends OperatingError {
  readonly records: number;

  constructor(records: number, cause: unknown) {
    super(
      "unavailable",
      `${messageOf(cause)} (the first ${records} records of the push are stored)`,
      {
        cause,
      },
    );
    this.records = records;
  }
}
