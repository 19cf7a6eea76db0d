import type { Context } from "hono";
import { differenceOf } from "#aggregator/query/log_fields/difference.ts";
import { facetsOf } from "#aggregator/query/log_fields/facets.ts";
import type { LogQuery } from "#shared/query_language/logql/ast.ts";
import {
  type LogEntry,
  type LogScope,
  type LogqlLimits,
  defaultLogqlLimits,
  selectRecords,
} from "#aggregator/query/logql/evaluate.ts";
import { MissingBlocks } from "#aggregator/read/missing_blocks.ts";
import { reportingLogs } from "#aggregator/read/reporting_logs.ts";
import type { LogRecord, LogSelectRequest, LogsSource } from "#aggregator/read/source.ts";
import { OperatingError } from "#shared/errors.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { checkedParams } from "../checked_params.ts";
import { logQueryOf, logRangeOf, recordOf } from "./log_query.ts";
import {
  type ContextAnswer,
  ContextParams,
  type DifferenceAnswer,
  DifferenceParams,
  type FacetsAnswer,
  FacetsParams,
  type LogsAnswer,
  timeNsOf,
} from "./log_schemas.ts";
import { LogsParams } from "../schemas.ts";

export type LogParts = {
  readonly logs: LogsSource;
  readonly limits?: LogqlLimits;
  readonly clock: Clock;
  readonly tenant: (request: Request) => string;
};

/** Neighbours of a record are looked for so far to both sides. */
const contextNs = 7n * 24n * 3_600_000_000_000n;

/** GET /api/v1/monitoring/logs: records, the newest first. */
export async function logsAnswer(c: Context, parts: LogParts): Promise<LogsAnswer> {
  const params = checkedParams(c, LogsParams);
  const missing = new MissingBlocks();
  const { entries, complete } = await newest(
    logQueryOf(params),
    logRangeOf(params, parts.clock.now()),
    Number(params.limit),
    scopeOf(c, parts, missing),
  );
  return { records: entries.map(recordOf), truncated: !complete, ...notesOf(missing) };
}

/** GET /api/v1/monitoring/logs/facets: the most frequent values of fields. */
export async function facetsAnswer(c: Context, parts: LogParts): Promise<FacetsAnswer> {
  const params = checkedParams(c, FacetsParams);
  const missing = new MissingBlocks();
  const names = params.fields?.split(",").filter((name) => name !== "");
  const { entries, complete } = await newest(
    logQueryOf(params),
    logRangeOf(params, parts.clock.now()),
    Number(params.lines),
    scopeOf(c, parts, missing),
  );
  const only = names === undefined ? undefined : new Set(names);
  const fields = await facetsOf(entries, Number(params.limit), only);
  return {
    records: entries.length,
    complete,
    fields: fields.map((facet) => ({ ...facet, values: [...facet.values] })),
    ...notesOf(missing),
  };
}

/** GET /api/v1/monitoring/logs/context: what stands before and after a record in its stream. */
export async function contextAnswer(c: Context, parts: LogParts): Promise<ContextAnswer> {
  const params = checkedParams(c, ContextParams);
  const query = logQueryOf({ query: params.stream });
  if (query.stages.length > 0 || query.matchers.some(({ op }) => op !== "="))
    throw new OperatingError(
      "bad_request",
      `stream: expected {name="value", ...}, got ${params.stream}`,
    );
  const key = labelsKey(Object.fromEntries(query.matchers.map(({ name, value }) => [name, value])));
  const at = timeNsOf(params.time) ?? 0n;
  const missing = new MissingBlocks();
  const scope = scopeOf(c, parts, missing);
  const read = async (startNs: bigint, endNs: bigint, limit: number, isBack: boolean) => {
    const direction = isBack ? "backward" : "forward";
    const request = { matchers: query.matchers, lineFilters: [], startNs, endNs, limit };
    const found = limit === 0 ? [] : await ofStream(key, { ...request, direction }, scope);
    return (isBack ? found.toReversed() : found).map(recordOf);
  };
  return {
    before: await read(at - contextNs, at, Number(params.before), true),
    at: await read(at, at + 1n, recordsAtMax, false),
    after: await read(at + 1n, at + contextNs, Number(params.after), false),
    ...notesOf(missing),
  };
}

/** Records of the one stream: streams with more labels than these fit the selector as well. */
async function ofStream(
  key: string,
  request: Omit<LogSelectRequest, "tenant">,
  { source, tenant, signal }: LogScope,
): Promise<LogRecord[]> {
  const isOwn = new Map<object, boolean>();
  const has = ({ stream }: LogRecord) => {
    const known = isOwn.get(stream) ?? labelsKey(stream) === key;
    isOwn.set(stream, known);
    return known;
  };
  const wanted = { ...request, tenant, ...(signal === undefined ? {} : { signal }) };
  // Others in between are rare: whose labels are alike but for one more.
  for (let limit = request.limit; ; limit *= 4) {
    const all = await source.select({ ...wanted, limit });
    const own = all.filter(has);
    if (own.length >= request.limit || all.length < limit) return own.slice(0, request.limit);
  }
}

/** GET /api/v1/monitoring/logs/difference: what a selection has more often than the rest. */
export async function differenceAnswer(c: Context, parts: LogParts): Promise<DifferenceAnswer> {
  const params = checkedParams(c, DifferenceParams);
  const query = withoutLastFormats(logQueryOf(params));
  const against: LogQuery =
    params.against === undefined
      ? { kind: "log", matchers: query.matchers, stages: [] }
      : logQueryOf({ query: params.against });
  const range = logRangeOf(params, parts.clock.now());
  const missing = new MissingBlocks();
  const scope = scopeOf(c, parts, missing);
  const lines = Number(params.lines);
  const selected = await newest(query, range, lines, scope);
  // The selection may be all of the newest records: so many more have to be read for as many others.
  const all = await newest(against, range, lines + selected.entries.length, scope);
  const known = new Set(selected.entries.map(identityOf));
  const rest = all.entries.filter((entry) => !known.has(identityOf(entry))).slice(0, lines);
  const found = await differenceOf(selected.entries, rest, Number(params.limit));
  return {
    selected: { records: selected.entries.length, complete: selected.complete },
    rest: { records: rest.length, complete: all.complete },
    differences: found.map(({ lift, ...one }) => ({ ...one, lift: lift ?? null })),
    ...notesOf(missing),
  };
}

/** What is left out of an answer, and whether anything is. */
function notesOf(missing: MissingBlocks): { warnings: string[]; isPartial: boolean } {
  return { warnings: missing.warnings(), isPartial: !missing.isEmpty };
}

const recordsAtMax = 1_000;

function scopeOf(c: Context, parts: LogParts, missing: MissingBlocks): LogScope {
  const scope = lastingScope(c, parts);
  return { ...scope, source: reportingLogs(parts.logs, missing), signal: c.req.raw.signal };
}

/** For what goes on when the request is answered. */
export function lastingScope(c: Context, { tenant, logs, limits }: LogParts): LogScope {
  return { tenant: tenant(c.req.raw), source: logs, limits: limits ?? defaultLogqlLimits };
}

type Range = ReturnType<typeof logRangeOf>;

async function newest(query: LogQuery, range: Range, limit: number, scope: LogScope) {
  const wanted = { ...range, limit: limit + 1, direction: "backward" } as const;
  const found = await selectRecords(query, wanted, scope);
  return { entries: found.slice(0, limit), complete: found.length <= limit };
}

/** Formats that no later stage looks at would only hide what the lines have in common with others. */
function withoutLastFormats(query: LogQuery): LogQuery {
  const formats: ReadonlySet<string> = new Set(["line_format", "label_format", "decolorize"]);
  const last = query.stages.findLastIndex(({ type }) => !formats.has(type));
  return { ...query, stages: query.stages.slice(0, last + 1) };
}

function identityOf({ timestampNs, stream, body }: LogEntry): string {
  return `${timestampNs} ${labelsKey(stream)} ${body}`;
}
