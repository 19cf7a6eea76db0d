import { OperatingError, type OperatingErrorOptions } from "#shared/errors.ts";

/** A query that is no LogQL or that its data makes fail; the message is Loki's kind of sentence. */
export class LogqlError extends OperatingError {
  constructor(message: string, options?: OperatingErrorOptions) {
    super("bad_request", message, options);
  }
}

/** A fault at a place of the query: line and column count from 1, in characters. */
export function parseErrorAt(query: string, offset: number, message: string): LogqlError {
  const before = query.slice(0, offset);
  const line = before.split("\n").length;
  const column = Array.from(before.slice(before.lastIndexOf("\n") + 1)).length + 1;
  return new LogqlError(`parse error at line ${line}, col ${column}: ${message}`);
}

/** A fault of the query as a whole. */
export function parseError(message: string, options?: OperatingErrorOptions): LogqlError {
  return new LogqlError(`parse error : ${message}`, options);
}

/** A stage that can't be made from what is written. */
export function stageError(stage: string, message: string): LogqlError {
  return parseError(`stage '${stage}' : ${message}`);
}
