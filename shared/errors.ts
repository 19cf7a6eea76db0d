/** Why an operation failed, from a closed list that callers decide by. */
export type ErrorCode =
  | "bad_request"
  | "not_found"
  /** It was changed meanwhile, or is there already. */
  | "conflict"
  /** Not while things are as they are: what comes from a file can't be changed here. */
  | "read_only"
  | "overloaded"
  | "corrupt"
  | "unavailable"
  | "timeout"
  | "cancelled"
  | "no_space";

/** Operating errors: expected, named, handled. A broken invariant is a bug, and goes through assert(). */
export class OperatingError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
