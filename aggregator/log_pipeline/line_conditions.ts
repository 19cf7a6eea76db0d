// Hot: guarded by `bench search`.
import { OperatingError } from "#shared/errors.ts";
import type { Matcher } from "#shared/model/labels.ts";
import type { LineFilter } from "../read/source.ts";
import { parseLogql } from "./parse_query.ts";
import { compilePipeline } from "./pipeline.ts";
import type { StageRun } from "./stages/stage.ts";

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

/** Conditions on records, whatever they look at. */
export type RecordConditions = LineConditions & {
  /** Whether a record passes that passes the line filters; undefined where those are all. */
  readonly run: StageRun | undefined;
};

/** Of any log query. Throws OperatingError("bad_request"). */
export function recordConditions(text: string): RecordConditions {
  const query = parseLogql(text);
  if (query.kind !== "log")
    throw new OperatingError("bad_request", `query is "${text}": expected a log query`);
  const { lineFilters, run, isEmpty } = compilePipeline(query, new Set());
  return { matchers: query.matchers, lineFilters, run: isEmpty ? undefined : run };
}

function unsupported(query: string): OperatingError {
  return new OperatingError(
    "bad_request",
    `query is "${query}": expected a stream selector, and behind it only line filters of text or regular expressions`,
  );
}
