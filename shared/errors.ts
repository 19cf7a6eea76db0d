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

/** Limits of a query, by the names under which refusals are counted. */
export const queryLimits = [
  "answer_size",
  "exemplars",
  "line_time",
  "points",
  "query_length",
  "queue",
  "read_bytes",
  "regex_match_steps",
  "regex_size",
  "regex_turn_steps",
  "samples",
  "series",
  "stages",
  "subquery_steps",
  "timeout",
] as const;

export type QueryLimit = (typeof queryLimits)[number];

export type OperatingErrorOptions = ErrorOptions & {
  /** The limit that a query reached. */
  readonly limit?: QueryLimit;
};

/** Operating errors: expected, named, handled. A broken invariant is a bug, and goes through assert(). */
export class OperatingError extends Error {
  readonly code: ErrorCode;
  readonly limit: QueryLimit | undefined;

  constructor(code: ErrorCode, message: string, options?: OperatingErrorOptions) {
    super(message, options);
    this.limit = options?.limit;
    this.name = new.target.name;
    this.code = code;
  }
}

/** The limit that an error, or what caused it, is about. */
export function limitOf(thrown: unknown): QueryLimit | undefined {
  if (!(thrown instanceof OperatingError)) return undefined;
  const limit = thrown.limit ?? limitOf(thrown.cause);
  return limit ?? (thrown.code === "timeout" ? "timeout" : undefined);
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
