import { stringify } from "yaml";
import { assertNever } from "#shared/assert.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { formatDuration } from "#shared/text/duration.ts";
import { parseLogql } from "#aggregator/log_pipeline/parse_query.ts";
import { rangeAnswer } from "#aggregator/query/logql/answer.ts";
import { type LogqlLimits, defaultLogqlLimits } from "#aggregator/query/logql/limits.ts";
import type { PromqlEngine, QueryData } from "#aggregator/query/promql/engine.ts";
import type { LogsSource } from "#aggregator/read/source.ts";
import { type Episode, type RangeSeries, backtest } from "#aggregator/rules/backtest/backtest.ts";
import type { AlertingRule, RuleGroup } from "#aggregator/rules/rule.ts";
import { expressionFault } from "#aggregator/rules/rule_file.ts";
import { vectorOf } from "#aggregator/rules/rule_query.ts";
import { type SqlAt, sqlRange } from "#aggregator/rules/backtest/sql_range.ts";
import { readGroup } from "#aggregator/rules/stored/group_text.ts";
import { type BacktestAnswer, type BacktestBody, episodesMax } from "./backtest_schemas.ts";
import { type Notified, type RoutingParts, notifiedOf } from "./notified.ts";
import { sqlTimeoutMs } from "./sql_series.ts";
import { withinTime } from "./time_limit.ts";
import { timeMsOf } from "../schemas.ts";

export type BacktestQueries = {
  readonly engine: PromqlEngine;
  readonly logs: LogsSource;
  readonly limits?: LogqlLimits;
  readonly sql: SqlAt;
  readonly tenant: string;
  readonly externalUrl: string;
  readonly routing: RoutingParts;
};

const dayMs = 86_400_000;
/** A month of evaluations each minute. */
const evaluationsMax = 50_000;
/** Values of an expression over the whole span. An evaluation takes about 1 µs for each, so this is seconds of work. */
const valuesMax = 2_000_000;
const timeoutsMs = { promql: 30_000, logql: 30_000, sql: sqlTimeoutMs } as const;

/**
 * What an alerting rule would have done over stored data. Throws OperatingError: "bad_request" with all mistakes of the rule, or with the
 * place in the expression; "overloaded" beyond the limits; what queries throw.
 */
export async function backtestAnswer(
  body: BacktestBody,
  nowMs: number,
  queries: BacktestQueries,
  requestSignal: AbortSignal,
): Promise<BacktestAnswer> {
  const rule = ruleOf(body);
  const endMs = timeMsOf(body.end ?? "") ?? nowMs;
  const startMs = timeMsOf(body.start ?? "") ?? endMs - dayMs;
  const { interval: intervalMs } = body;
  if (!(startMs < endMs)) throw bad("start must be before end");
  const span = { startMs, endMs };
  const evaluations = (endMs - startMs + rule.forMs + rule.keepFiringMs) / intervalMs;
  if (evaluations > evaluationsMax)
    throw bad(
      `${Math.ceil(evaluations)} evaluations: expected at most ${evaluationsMax}. Take a shorter span or a longer interval`,
    );
  const group = { intervalMs, queryOffsetMs: 0, limit: 0, name: "", file: "", rules: [] };
  const found = await withinTime(requestSignal, timeoutsMs[rule.language], async (signal) => {
    const result = await backtestOf(rule, group, span, queries, signal);
    const fired = result.episodes.filter(({ firedMs }) => firedMs !== undefined);
    return { ...result, fired, notified: await notifiedOf(fired, span, queries.routing, signal) };
  });
  const { fired, notified } = found;
  const pending = found.episodes.filter(({ firedMs }) => firedMs === undefined);
  return {
    start: new Date(startMs).toISOString(),
    end: new Date(endMs).toISOString(),
    evaluations: found.evaluations,
    fired: fired.length,
    pending: pending.length,
    firingSeconds: firingMs(fired, startMs, endMs) / 1_000,
    episodes: episodesJson([...fired, ...pending], notified),
    notifications: notified.notifications,
  };
}

/** The backtest of one rule by the engines of this process. Throws as backtest() and queries do. */
export function backtestOf(
  rule: AlertingRule,
  group: RuleGroup,
  span: { readonly startMs: number; readonly endMs: number },
  queries: BacktestQueries,
  signal: AbortSignal,
) {
  const { engine, tenant, externalUrl } = queries;
  const { externalLabels } = queries.routing;
  let values = 0;
  return backtest(rule, group, span, {
    externalLabels,
    externalUrl,
    ask: async ({ expr }, timeMs) => {
      signal.throwIfAborted();
      return vectorOf((await engine.instant(expr, { tenant, timeMs, signal })).data);
    },
    askRange: async ({ expr, language }, range) => {
      signal.throwIfAborted();
      const series = await rangeOf(expr, language, { ...range, signal }, queries);
      for (const { timesMs } of series) values += timesMs.length;
      if (values > valuesMax)
        throw new OperatingError(
          "overloaded",
          `the expression has over ${valuesMax} values in this span: expected fewer. Narrow it, or take a shorter span`,
        );
      return series;
    },
  });
}

type Range = {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly signal: AbortSignal;
};

async function rangeOf(
  expr: string,
  language: AlertingRule["language"],
  { signal, ...range }: Range,
  { engine, logs, sql, limits = defaultLogqlLimits, tenant }: BacktestQueries,
): Promise<readonly RangeSeries[]> {
  switch (language) {
    case "promql":
      return seriesOf((await engine.range(expr, { ...range, tenant, signal })).data);
    case "logql": {
      const query = parseLogql(expr);
      if (query.kind === "log") throw bad("a log query has no value: expected a metric query");
      const { startMs, endMs, stepMs } = range;
      const exact = { startNs: nsOf(startMs), endNs: nsOf(endMs), stepMs };
      const { data } = await rangeAnswer(query, exact, { tenant, source: logs, limits, signal });
      return data.resultType === "streams" ? [] : seriesOf(data);
    }
    case "sql":
      return sqlRange(sql, expr, range, signal);
    default:
      return assertNever(language);
  }
}

function seriesOf(data: QueryData): RangeSeries[] {
  if (data.resultType !== "matrix") return [];
  return data.series.map(({ labels, timestampsMs, values }) => ({
    labels,
    timesMs: Array.from(timestampsMs),
    values: Array.from(values),
  }));
}

function nsOf(ms: number): bigint {
  return BigInt(Math.round(ms)) * 1_000_000n;
}

/** The rule as a file would have it, so that every mistake is found that would be found there. */
function ruleOf(body: BacktestBody): AlertingRule {
  const { name, expression, language, labels, annotations } = body;
  // First, and without words before it: its place is one in the expression.
  const { fault, condition, groupLanguage } = writtenAs(language, expression);
  if (fault !== undefined) throw bad(fault);
  const times = {
    for: formatDuration(body.for),
    keep_firing_for: formatDuration(body.keep_firing_for),
  };
  const rule = { alert: name, ...condition, ...times, labels, annotations };
  let read;
  try {
    read = readGroup(stringify({ name: "preview", rules: [rule] }), groupLanguage);
  } catch (thrown) {
    // Lines and places are those of a text that the caller has not seen.
    const prefix = /^line \d+: (?:group "preview", rule 1, )?/gm;
    throw bad(messageOf(thrown).replaceAll(prefix, ""));
  }
  const [own] = read.rules;
  if (own?.kind !== "alerting") throw bad("expected an alerting rule");
  return own;
}

/** How a file has an expression, and what is wrong with it: DuckDB alone can read SQL. */
function writtenAs(language: BacktestBody["language"], expression: string) {
  switch (language) {
    case "promql":
    case "logql": {
      const fault = expressionFault(expression, language);
      return { fault, condition: { expr: expression }, groupLanguage: language };
    }
    case "sql":
      return { fault: undefined, condition: { sql: expression }, groupLanguage: "auto" as const };
    default:
      return assertNever(language);
  }
}

/** The time in which at least one of them fires. */
export function firingMs(fired: readonly Episode[], startMs: number, endMs: number): number {
  const spans = fired
    .map(({ firedMs = endMs, endedMs = endMs }) => [Math.max(firedMs, startMs), endedMs] as const)
    .toSorted(([a], [b]) => a - b);
  let sum = 0;
  let untilMs = startMs;
  for (const [from, to] of spans) {
    sum += Math.max(0, to - Math.max(from, untilMs));
    untilMs = Math.max(untilMs, to);
  }
  return sum;
}

/** The first of them; those that `notified` is about are the first of `episodes`. */
export function episodesJson(
  episodes: readonly Episode[],
  { receivers }: Pick<Notified, "receivers">,
): BacktestAnswer["episodes"] {
  return episodes.slice(0, episodesMax).map(({ labels, activeMs, firedMs, endedMs }, place) => ({
    labels: { ...labels },
    activeAt: new Date(activeMs).toISOString(),
    firedAt: timeText(firedMs),
    endedAt: timeText(endedMs),
    receivers: [...(receivers.get(place) ?? [])],
  }));
}

function timeText(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function bad(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}
