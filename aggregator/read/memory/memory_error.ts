import { OperatingError } from "#shared/errors.ts";

/** `too_large`: the query alone needs more than there is. `busy`: other queries held it for too long. */
export type MemoryRefusal = "too_large" | "busy";

/** A query that does not get the memory that it needs. */
export class QueryMemoryError extends OperatingError {
  readonly refusal: MemoryRefusal;

  constructor(refusal: MemoryRefusal, message: string) {
    super(refusal === "busy" ? "overloaded" : "bad_request", message);
    this.refusal = refusal;
  }
}
