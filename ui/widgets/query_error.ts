import { messageOf } from "#shared/errors.ts";
import { errorPosition, errorStretch, type ErrorPosition } from "../client/error_position.ts";

export type QueryError = {
  /** Why, without the address of the API, the status and the position. */
  readonly reason: string;
  readonly position: ErrorPosition | undefined;
};

/** What an API said of a query, taken apart: "/api/v1/query: 1:5: parse error: … (400)". */
export function readQueryError(error: unknown): QueryError {
  const message = messageOf(error);
  const reason = message
    .replace(/^\/[\w/.-]*: /, "")
    .replace(/^\/[\w/.-]+ (?=gave no answer)/, "the aggregator ")
    .replace(/ \(\d{3}\)$/, "")
    .replace(/^(?:invalid parameter "?\w+"?: )?\d{1,6}:\d{1,6}: parse error: /, "")
    .replace(/^parse error at line \d{1,6}, col \d{1,6}: /, "");
  return { reason: reason === "" ? message : reason, position: errorPosition(message) };
}

/** Why a query failed, in one line: "unexpected end of input (line 1, column 5)". */
export function queryErrorText(error: unknown): string {
  const { reason, position } = readQueryError(error);
  if (position === undefined) return reason;
  return `${reason} (line ${position.line}, column ${position.column})`;
}

/** A query in three parts, the wrong stretch in the middle. */
export function markedQuery(
  query: string,
  position: ErrorPosition | undefined,
): readonly [before: string, wrong: string, after: string] {
  if (position === undefined) return [query, "", ""];
  const { from, to } = errorStretch(query, position);
  return [query.slice(0, from), query.slice(from, to), query.slice(to)];
}
