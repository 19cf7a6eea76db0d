import { type ErrorCode, OperatingError, type OperatingErrorOptions } from "#shared/errors.ts";

/** Prometheus's words for why a query failed; the HTTP status follows from them. */
export type PromqlErrorType = "bad_data" | "execution" | "canceled" | "timeout" | "internal";

const codes: Readonly<Record<PromqlErrorType, ErrorCode>> = {
  bad_data: "bad_request",
  execution: "bad_request",
  canceled: "cancelled",
  timeout: "timeout",
  internal: "unavailable",
};

/** A query that can't be answered, with Prometheus's error type and its text. */
export class PromqlError extends OperatingError {
  readonly errorType: PromqlErrorType;

  constructor(errorType: PromqlErrorType, message: string, options?: OperatingErrorOptions) {
    super(codes[errorType], message, options);
    this.errorType = errorType;
  }
}

/** The failures of evaluation: the expression is right, its data is not. */
export function executionError(message: string, options?: OperatingErrorOptions): PromqlError {
  return new PromqlError("execution", message, options);
}

/** A half-open range of UTF-16 offsets in the query text. */
export type Span = { readonly start: number; readonly end: number };

/** "line:column", both from 1, the column in bytes of UTF-8 as Prometheus counts it. */
export function positionText(query: string, offset: number): string {
  const before = query.slice(0, offset);
  const line = before.split("\n").length;
  const column = Buffer.byteLength(before.slice(before.lastIndexOf("\n") + 1)) + 1;
  return `${line}:${column}`;
}

export function parseError(
  query: string,
  offset: number,
  message: string,
  options?: OperatingErrorOptions,
): PromqlError {
  const text = `${positionText(query, offset)}: parse error: ${message}`;
  return new PromqlError("bad_data", text, options);
}

/** Text as Go's %q prints it. */
export function quote(text: string): string {
  return JSON.stringify(text);
}
