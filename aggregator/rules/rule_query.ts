import { assertNever } from "#shared/assert.ts";
import { OperatingError } from "#shared/errors.ts";
import { isStaleAt } from "#shared/model/special_values.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import type { Labels } from "#shared/model/labels.ts";
import { LogqlError, parseLogql } from "../log_pipeline/parse_query.ts";
import { instantAnswer } from "../query/logql/answer.ts";
import type { MetricQuery } from "#shared/query_language/logql/ast.ts";
import type { MatrixSeries } from "../query/answer.ts";
import { type LogqlLimits, evaluateMetric } from "../query/logql/evaluate.ts";
import type { ParsedQuery, PromqlEngine, QueryData, QueryResult } from "../query/promql/engine.ts";
import { MissingBlocks } from "../read/missing_blocks.ts";
import type { QueryMemory } from "../read/memory/query_memory.ts";
import type { LogsSource, MetricsSource } from "../read/source.ts";
import { forStateName } from "./alerting.ts";
import type { AskRange, RangeSeries } from "./backtest/backtest.ts";
import type { AskRule, RuleSample } from "./rule.ts";
import { type SqlAt, sqlRange, sqlVector } from "./backtest/sql_range.ts";

export type RuleQueryParts = {
  readonly engine: PromqlEngine;
  readonly metrics: MetricsSource;
  readonly logs: LogsSource;
  readonly limits: LogqlLimits;
  readonly sql: SqlAt;
  /** Of all rules together, apart from that of the users' queries, so that rules go on while those wait. */
  readonly memory: QueryMemory;
  readonly tenant: string;
  /** Aborts when the process stops. */
  readonly signal: AbortSignal;
};

/** Asks the query engines for rules. What is asked with the same object again is parsed once. */
export function ruleQuery(parts: RuleQueryParts): AskRule {
  const { memory, signal } = parts;
  const known = new WeakMap<object, ParsedQuery>();
  const parsedOf = (asked: Parameters<AskRule>[0]): ParsedQuery => {
    const parsed = known.get(asked) ?? { text: asked.expr, ...parsePromql(asked.expr) };
    known.set(asked, parsed);
    return parsed;
  };
  return (asked, timeMs) =>
    memory.run(signal, async () => {
      switch (asked.language) {
        case "promql":
          return askPromql(parts, parsedOf(asked), timeMs);
        case "logql":
          return askLogql(parts, asked.expr, timeMs);
        case "sql":
          return sqlVector(parts.sql, { sql: asked.expr, timeMs, signal });
        default:
          return assertNever(asked.language);
      }
    });
}

async function askPromql(
  { engine, tenant, signal }: RuleQueryParts,
  query: ParsedQuery,
  timeMs: number,
): Promise<readonly RuleSample[]> {
  const answer = await engine.instant(query, { tenant, timeMs, signal });
  refusePartial(answer);
  return vectorOf(answer.data);
}

/** Asks over a span of time. Throws as ruleQuery() does. */
export function ruleRangeQuery(parts: RuleQueryParts): AskRange {
  const { memory, signal } = parts;
  return ({ expr, language }, range) =>
    memory.run(signal, async () => {
      switch (language) {
        case "promql":
          return promqlRange(parts, expr, range);
        case "logql":
          return logqlRange(parts, expr, range);
        case "sql":
          return sqlRange(parts.sql, expr, range, signal);
        default:
          return assertNever(language);
      }
    });
}

type Range = Parameters<AskRange>[1];

async function promqlRange(
  { engine, tenant, signal }: RuleQueryParts,
  expr: string,
  range: Range,
): Promise<readonly RangeSeries[]> {
  const answer = await engine.range(expr, { tenant, signal, ...range });
  refusePartial(answer);
  return answer.data.resultType === "matrix" ? answer.data.series.map(rangeSeries) : [];
}

async function logqlRange(
  { logs: source, limits, tenant, signal }: RuleQueryParts,
  expr: string,
  range: Range,
): Promise<readonly RangeSeries[]> {
  const found = await evaluateMetric(metricQuery(expr), range, { tenant, source, limits, signal });
  return typeof found === "number" ? [] : found.map(rangeSeries);
}

function rangeSeries({ labels, timestampsMs, values }: MatrixSeries): RangeSeries {
  return { labels, timesMs: timestampsMs, values };
}

/** Throws LogqlError for a query of lines. */
function metricQuery(expr: string): MetricQuery {
  const query = parseLogql(expr);
  if (query.kind === "log")
    throw new LogqlError("a log query has no value: expected a metric query");
  return query;
}

/** What is missing may be what the rule is about: it must not resolve an alert. */
function refusePartial({ isPartial, warnings }: Pick<QueryResult, "isPartial" | "warnings">): void {
  if (isPartial !== true) return;
  throw new OperatingError("unavailable", `the data are incomplete: ${warnings.join("; ")}`);
}

async function askLogql(
  { logs: source, limits, tenant, signal }: RuleQueryParts,
  expr: string,
  timeMs: number,
): Promise<readonly RuleSample[]> {
  const { data } = await instantAnswer(metricQuery(expr), timeMs, {
    tenant,
    source,
    limits,
    signal,
  });
  if (data.resultType === "streams") throw notVector();
  return vectorOf(data);
}

/** The samples of an instant query. Throws OperatingError for what is no vector and no number. */
export function vectorOf(data: QueryData): readonly RuleSample[] {
  switch (data.resultType) {
    case "vector":
      return data.series;
    case "scalar":
      return [{ labels: {}, value: data.value }];
    case "matrix":
    case "string":
      throw notVector();
    default:
      return assertNever(data);
  }
}

function notVector(): OperatingError {
  return new OperatingError("bad_request", "rule result is not a vector or scalar");
}

/** The last sample of a series that says since when an alert is active. */
export type ForState = {
  readonly labels: Labels;
  readonly timeMs: number;
  /** Unix seconds. */
  readonly activeSince: number;
};

/** Reads what a rule said about its alerts before a start. Alerts that had ended are left out. */
export async function readForState(
  { metrics, tenant, memory, signal }: RuleQueryParts,
  alert: string,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): Promise<readonly ForState[]> {
  const matchers = [
    { name: "__name__", op: "=" as const, value: forStateName },
    { name: "alertname", op: "=" as const, value: alert },
  ];
  const missing = new MissingBlocks();
  const series = await memory.run(signal, () =>
    metrics.select({ tenant, matchers, startMs, endMs, samplesMax: 5_000_000, signal, missing }),
  );
  return series.flatMap(({ labels, timestampsMs, values }) => {
    const last = timestampsMs.length - 1;
    if (last < 0 || isStaleAt(values, last)) return [];
    return [{ labels, timeMs: timestampsMs[last] ?? 0, activeSince: values[last] ?? 0 }];
  });
}
