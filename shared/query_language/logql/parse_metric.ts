import { messageOf } from "#shared/errors.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";
import type { Grouping, LogQuery, MetricQuery, RangeOp, RangeQuery, Stage, Unwrap } from "./ast.ts";
import { conversions } from "./ast.ts";
import { parseError } from "./errors.ts";
import { type Cursor, accept, descend, expect, isFunction, isNext, peek, take } from "./cursor.ts";
import { unexpected } from "./cursor.ts";
import { checkMatchers, parseSelector, parseStages } from "./parse_log.ts";
import { parseLabelFilter } from "./parse_label_filter.ts";

type LogRange = Pick<RangeQuery, "log" | "rangeMs" | "offsetMs"> & { readonly unwrap?: Unwrap };

/** `rate({...} | json [5m] offset 1h) by (a)`; `quantile_over_time` alone has a number first. */
export function parseRangeAggregation(cursor: Cursor, op: RangeOp): MetricQuery {
  take(cursor);
  expect(cursor, "(");
  let param: number | undefined;
  if (isNext(cursor, "NUMBER")) {
    const { text, value } = take(cursor);
    if (op !== "quantile_over_time")
      throw parseError(`parameter ${text} not supported for operation ${op}`);
    param = value;
    expect(cursor, ",");
  }
  const of = parseLogRange(cursor);
  expect(cursor, ")");
  if (op === "quantile_over_time" && param === undefined)
    throw parseError(`parameter required for operation ${op}`);
  const grouping = parseGrouping(cursor);
  const query: RangeQuery = {
    kind: "range",
    op,
    ...of,
    ...(param === undefined ? {} : { param }),
    ...(grouping === undefined ? {} : { grouping }),
  };
  checkRange(query);
  return query;
}

const ungrouped: ReadonlySet<RangeOp> = new Set([
  "count_over_time",
  "rate",
  "rate_counter",
  "bytes_over_time",
  "bytes_rate",
  "sum_over_time",
  "absent_over_time",
]);
const ofLines: ReadonlySet<RangeOp> = new Set([
  "count_over_time",
  "rate",
  "bytes_over_time",
  "bytes_rate",
  "absent_over_time",
]);
const ofBoth: ReadonlySet<RangeOp> = new Set(["rate", "absent_over_time"]);

function checkRange({ op, grouping, unwrap, log }: RangeQuery): void {
  if (grouping !== undefined && ungrouped.has(op))
    throw parseError(`grouping not allowed for ${op} aggregation`);
  if (unwrap !== undefined && ofLines.has(op) && !ofBoth.has(op))
    throw parseError(`invalid aggregation ${op} with unwrap`);
  if (unwrap === undefined && !ofLines.has(op))
    throw parseError(`invalid aggregation ${op} without unwrap`);
  checkMatchers(log);
}

/** A selector with its pipeline, the range after either, all of it in parentheses or not. */
function parseLogRange(cursor: Cursor): LogRange {
  descend(cursor);
  if (isNext(cursor, "(")) {
    take(cursor);
    const inner = parseLogRangeParts(cursor);
    expect(cursor, ")");
    cursor.depth--;
    if (isWhole(inner) && !isNext(cursor, "RANGE")) return inner;
    if (inner.rangeMs !== undefined) throw unexpected(cursor);
    return withRange(cursor, inner);
  }
  const parts = parseLogRangeParts(cursor);
  cursor.depth--;
  if (!isWhole(parts)) throw unexpected(cursor, "RANGE");
  return parts;
}

type Parts = {
  readonly log: LogQuery;
  readonly unwrap?: Unwrap;
  readonly rangeMs?: number;
  readonly offsetMs: number;
};

function isWhole(parts: Parts): parts is LogRange {
  return parts.rangeMs !== undefined;
}

function parseLogRangeParts(cursor: Cursor): Parts {
  if (isNext(cursor, "(")) return parseLogRangeOrLog(cursor);
  if (!isNext(cursor, "{")) throw unexpected(cursor, "{", "(");
  const matchers = parseSelector(cursor);
  const logOf = (stages: readonly Stage[]): LogQuery => ({ kind: "log", matchers, stages });
  if (isNext(cursor, "RANGE")) {
    const bare = withRange(cursor, { log: logOf([]), offsetMs: 0 });
    const log = logOf(parseStages(cursor));
    return withUnwrap(cursor, { ...bare, log });
  }
  const inner = withUnwrap(cursor, { log: logOf(parseStages(cursor)), offsetMs: 0 });
  return isNext(cursor, "RANGE") ? withRange(cursor, inner) : inner;
}

function parseLogRangeOrLog(cursor: Cursor): Parts {
  descend(cursor);
  expect(cursor, "(");
  const inner = parseLogRangeParts(cursor);
  expect(cursor, ")");
  cursor.depth--;
  return isNext(cursor, "RANGE") && !isWhole(inner) ? withRange(cursor, inner) : inner;
}

function withRange(cursor: Cursor, parts: Omit<Parts, "rangeMs">): LogRange {
  const { value } = expect(cursor, "RANGE");
  const { log, unwrap } = parts;
  const offsetMs = accept(cursor, "offset") ? expect(cursor, "DURATION").value / 1e6 : 0;
  return { log, rangeMs: value / 1e6, offsetMs, ...(unwrap === undefined ? {} : { unwrap }) };
}

function withUnwrap<P extends Parts>(cursor: Cursor, parts: P): P {
  if (!isNext(cursor, "|") || !isNext(cursor, "unwrap", 1)) return parts;
  take(cursor);
  take(cursor);
  const conversion = conversions.find((known) => isFunction(cursor, [known]));
  if (conversion !== undefined) {
    take(cursor);
    expect(cursor, "(");
  }
  const label = expect(cursor, "IDENTIFIER").text;
  if (conversion !== undefined) expect(cursor, ")");
  const filters = [];
  while (accept(cursor, "|")) filters.push(parseLabelFilter(cursor));
  const unwrap = { label, filters, ...(conversion === undefined ? {} : { conversion }) };
  return { ...parts, unwrap };
}

/** `by (a, b)` or `without (a)`; undefined where neither stands. */
export function parseGrouping(cursor: Cursor): Grouping | undefined {
  if (!isNext(cursor, "by") && !isNext(cursor, "without")) return undefined;
  const without = take(cursor).type === "without";
  return { without, names: parseNames(cursor) };
}

/** `(a, b)`, maybe empty. */
export function parseNames(cursor: Cursor): string[] {
  expect(cursor, "(");
  const names: string[] = [];
  if (accept(cursor, ")")) return names;
  while (true) {
    names.push(expect(cursor, "IDENTIFIER", ...(names.length === 0 ? [")"] : [])).text);
    if (accept(cursor, ")")) return names;
    expect(cursor, ",", ")");
  }
}

/** `label_replace(v, "target", "replacement", "source", "regex")`. */
export function parseLabelReplace(
  cursor: Cursor,
  parseMetric: (cursor: Cursor) => MetricQuery,
): MetricQuery {
  take(cursor);
  expect(cursor, "(");
  const of = parseMetric(cursor);
  const texts = Array.from({ length: 4 }, () => {
    expect(cursor, ",");
    return expect(cursor, "STRING").text;
  });
  expect(cursor, ")");
  const [target = "", replacement = "", source = "", regex = ""] = texts;
  try {
    anchoredRegex(regex);
  } catch (cause) {
    throw parseError(`invalid regex in label_replace: ${messageOf(cause)}`, { cause });
  }
  return { kind: "label_replace", of, target, replacement, source, regex };
}

/**
 * `variants(a, b) of ({...}[5m])`, as Loki reads it: for itself or beside an operator, but in no other function. `of` is a
 * word and no keyword, so that a label may have that name.
 */
export function parseVariants(
  cursor: Cursor,
  parseMetric: (cursor: Cursor) => MetricQuery,
): MetricQuery {
  if (isWithin(cursor)) throw unexpected(cursor);
  take(cursor);
  expect(cursor, "(");
  const variants = [parseMetric(cursor)];
  while (accept(cursor, ",")) variants.push(parseMetric(cursor));
  expect(cursor, ")");
  if (peek(cursor).text !== "of") throw unexpected(cursor, "of");
  take(cursor);
  expect(cursor, "(");
  const of = parseLogRange(cursor);
  expect(cursor, ")");
  checkMatchers(of.log);
  return { kind: "variants", variants, of };
}

/** Whether the parenthesis of a function stands open before the token at hand. */
function isWithin({ tokens, at }: Cursor): boolean {
  const open: boolean[] = [];
  for (let i = 0; i < at; i++) {
    const before = tokens[i - 1]?.type;
    if (tokens[i]?.type === "(") open.push(before === "FUNCTION" || before === ")");
    if (tokens[i]?.type === ")") open.pop();
  }
  return open.includes(true);
}

/** `vector(1)`. */
export function parseVector(cursor: Cursor): MetricQuery {
  take(cursor);
  expect(cursor, "(");
  const { value } = expect(cursor, "NUMBER");
  expect(cursor, ")");
  return { kind: "vector", value };
}

/** A number with or without a sign. */
export function parseLiteral(cursor: Cursor): MetricQuery {
  const sign = accept(cursor, "-") ? -1 : 1;
  if (sign === 1) accept(cursor, "+");
  if (peek(cursor).type !== "NUMBER") throw unexpected(cursor, "NUMBER");
  return { kind: "number", value: sign * take(cursor).value };
}
