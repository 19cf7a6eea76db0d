import { OperatingError } from "#shared/errors.ts";
import type { Matcher } from "#shared/model/labels.ts";
import type { LineFilter } from "../source.ts";
import { parseLogql } from "./parse.ts";

/** What tells a record by its stream and its line alone. */
export type LineConditions = {
  readonly matchers: readonly Matcher[];
  readonly lineFilters: readonly LineFilter[];
};

/** Of a stream selector with line filters. Throws OperatingError("bad_request") for anything more. */
export function lineConditions(text: string): LineConditions {
  const query = parseLogql(text);
  if (query.kind !== "log") throw unsupported(text);
  const lineFilters = query.stages.map((stage): LineFilter => {
    if (stage.type !== "line_filter" || stage.op === "|>" || stage.op === "!>")
      throw unsupported(text);
    if (stage.matches.some(({ kind }) => kind !== "text")) throw unsupported(text);
    return { op: stage.op, values: stage.matches.map(({ value }) => value) };
  });
  return { matchers: query.matchers, lineFilters };
}

function unsupported(query: string): OperatingError {
  return new OperatingError(
    "bad_request",
    `query is "${query}": expected a stream selector, and behind it only line filters of text or regular expressions`,
  );
}
