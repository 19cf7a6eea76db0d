import type { Histogram } from "#shared/model/histogram.ts";
import type { OperatingErrorOptions } from "#shared/errors.ts";
import { type Clock, systemClock } from "#shared/runtime/clock.ts";
import { currentShare } from "../../read/memory/query_memory.ts";
import type { MatrixSeries, SeriesData } from "../answer.ts";
import { MissingBlocks, type PartialMark } from "../../read/missing_blocks.ts";
import type { MetricsSource, SeriesSamples } from "../../read/source.ts";
import type { PromqlConfig } from "./config.ts";
import { annotationTexts, newAnnotations } from "./model/annotations.ts";
import type { ReadTrace } from "../../read/read_trace.ts";
import {
  type Expr,
  type SelectorExpr,
  type ValueType,
  unwrapParens,
} from "#shared/query_language/promql/ast.ts";
import { type EvalContext, breathe, durationMs, shiftedTime } from "./model/context.ts";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { dropMarkedNames, evaluate } from "./evaluation/evaluator.ts";
import { fetchAll } from "./selection/fetch.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import { QueryQueue } from "./query_queue.ts";
import { extendedSamples } from "./windows/extended_windows.ts";
import { resetSelectors, subqueryGrid } from "./selection/plan.ts";
import { rangeOfSelector, rangeOfSubquery } from "./selection/selectors.ts";
import { SampleCounts } from "./model/sample_counts.ts";
import type { RangeInput, RangeSeries } from "./model/window.ts";
import { sortByLabels } from "./model/sort_series.ts";
import { type Grid, type StepSeries, absent, histogramAt, sampleAt } from "./model/values.ts";

export { PromqlConfig } from "./config.ts";

/** Steps of a range query; Prometheus's own limit and words. */
const stepsMax = 11_000;

type QueryOptions = {
  readonly tenant: string;
  readonly lookbackMs?: number | undefined;
  /** Only shortens the configured timeout. */
  readonly timeoutMs?: number | undefined;
  /** Whether samples are counted for the stats. */
  readonly counting?: boolean;
  /** Whether notes are taken of what is read. */
  readonly tracing?: boolean;
  readonly signal?: AbortSignal | undefined;
};
type InstantOptions = QueryOptions & { readonly timeMs: number };
type RangeOptions = QueryOptions & {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
};

export type QueryData =
  | SeriesData
  | { readonly resultType: "string"; readonly timeMs: number; readonly value: string };

export type QueryStats = {
  /** Waited for its turn. */
  readonly queuedMs: number;
  readonly prepareMs: number;
  readonly evaluateMs: number;
  readonly sortMs: number;
  readonly peakSamples: number;
  /** The times of the steps, and what was looked at and read at each; when counting was asked for. */
  readonly steps?: SampleSteps | undefined;
  /** Of each selector, when tracing was asked for. */
  readonly traces?: readonly ReadTrace[] | undefined;
};

export type SampleSteps = Grid & Pick<SampleCounts, "total" | "read">;

export type QueryResult = PartialMark & {
  readonly data: QueryData;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  readonly stats: QueryStats;
};

/** What parsePromql() gives, with the text that it was given. */
export type ParsedQuery = {
  readonly text: string;
  readonly expr: Expr;
  readonly type: ValueType;
};

export type PromqlEngine = {
  /** Evaluates at one time; a query that is asked again and again can be parsed once. Throws PromqlError. */
  instant(query: string | ParsedQuery, options: InstantOptions): Promise<QueryResult>;
  /** Evaluates at start, start + step, ... up to end; always a matrix. Throws PromqlError. */
  range(query: string, options: RangeOptions): Promise<QueryResult>;
};

function refuse(text: string, options?: OperatingErrorOptions): PromqlError {
  return new PromqlError("bad_data", text, options);
}

/** PromQL over a source of metrics. */
export function createPromqlEngine(
  source: MetricsSource,
  config: PromqlConfig,
  clock: Clock = systemClock,
): PromqlEngine {
  const queue = new QueryQueue(config.concurrency_max, config.waiting_max);
  const parts: Parts = { source, config, clock, queue };
  return {
    instant: async (query, options) => {
      const parsed = typeof query === "string" ? { text: query, ...parsePromql(query) } : query;
      const { text, expr, type } = parsed;
      const bounds = { startMs: options.timeMs, endMs: options.timeMs, stepMs: 0 };
      return run(parts, { query: text, expr, type, bounds, count: 1, instant: true }, options);
    },
    range: async (query, options) => {
      const { startMs, endMs, stepMs } = options;
      if (!(stepMs > 0))
        throw refuse(
          "zero or negative query resolution step widths are not accepted. Try a positive integer",
        );
      if (endMs < startMs) throw refuse("end timestamp must not be before start time");
      if (Math.floor((endMs - startMs) / stepMs) > stepsMax) {
        throw refuse(
          "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
          { limit: "points" },
        );
      }
      const { expr, type } = parsePromql(query);
      if (type !== "vector" && type !== "scalar") {
        const got = type === "matrix" ? "range vector" : type;
        throw refuse(
          `invalid expression type "${got}" for range query, must be Scalar or instant Vector`,
        );
      }
      const count = Math.floor((endMs - startMs) / stepMs) + 1;
      const bounds = { startMs, endMs, stepMs };
      return run(parts, { query, expr, type, bounds, count, instant: false }, options);
    },
  };
}

type Parts = {
  readonly source: MetricsSource;
  readonly config: PromqlConfig;
  readonly clock: Clock;
  readonly queue: QueryQueue;
};
type Statement = {
  readonly query: string;
  readonly expr: Expr;
  readonly type: ValueType;
  readonly bounds: { readonly startMs: number; readonly endMs: number; readonly stepMs: number };
  readonly count: number;
  readonly instant: boolean;
};

/** The time that a query may take begins when it is asked, so waiting for its turn counts. */
function run(parts: Parts, statement: Statement, options: QueryOptions): Promise<QueryResult> {
  const { config, clock, queue } = parts;
  const asked = clock.monotonic();
  const timeoutMs = Math.max(0, Math.min(config.timeout, options.timeoutMs ?? config.timeout));
  return queue.run(options.tenant, timeoutMs, options.signal, () => {
    const waitedMs = clock.monotonic() - asked;
    return execute(parts, statement, options, {
      waitedMs,
      timeoutMs: Math.max(0, timeoutMs - waitedMs),
    });
  });
}

async function execute(
  parts: Parts,
  statement: Statement,
  options: QueryOptions,
  { waitedMs, timeoutMs }: { readonly waitedMs: number; readonly timeoutMs: number },
): Promise<QueryResult> {
  const { config, clock } = parts;
  const fetched = new Map<SelectorExpr, readonly SeriesSamples[]>();
  const began = clock.monotonic();
  const { startMs, stepMs } = statement.bounds;
  const grid: Grid = { startMs, stepMs, count: statement.count };
  const counts = options.counting === true ? new SampleCounts(grid) : undefined;
  const context: EvalContext = {
    query: statement.query,
    counts,
    ...statement.bounds,
    lookbackMs: options.lookbackMs ?? config.lookback,
    delayedNameRemoval: config.delayed_name_removal,
    useStartTimestamps: config.use_start_timestamps,
    refusesUnmatchedDuplicates: false,
    defaultSubqueryStepMs: config.subquery_step,
    notes: newAnnotations(statement.query),
    fetched,
    resetSelectors: resetSelectors(statement.expr),
    budget: {
      samplesMax: config.samples_max,
      deadlineMs: began + timeoutMs,
      monotonic: () => clock.monotonic(),
      signal: options.signal,
      memory: currentShare(),
      samples: 0,
      peakSamples: 0,
    },
  };
  const from = {
    source: parts.source,
    tenant: options.tenant,
    seriesMax: config.series_max,
    timeoutMs,
    signal: options.signal,
    traces: options.tracing === true ? [] : undefined,
    missing: new MissingBlocks(),
  };
  await fetchAll(from, context, statement.expr, grid, fetched);
  const prepared = clock.monotonic();
  const evaluated = await evaluateStatement(context, statement, grid);
  const done = clock.monotonic();
  const data = statement.instant ? evaluated : await sortedMatrix(context, evaluated);
  const sortMs = clock.monotonic() - done;
  const { peakSamples } = context.budget;
  const stats = {
    queuedMs: waitedMs,
    prepareMs: prepared - began,
    evaluateMs: done - prepared,
    sortMs,
    peakSamples,
    steps: counts === undefined ? undefined : { ...grid, total: counts.total, read: counts.read },
    traces: from.traces,
  };
  const { warnings, infos } = annotationTexts(context.notes);
  return {
    data,
    warnings: [...from.missing.warnings(), ...warnings],
    ...from.missing.mark,
    infos,
    stats,
  };
}

async function evaluateStatement(
  context: EvalContext,
  statement: Statement,
  grid: Grid,
): Promise<QueryData> {
  const expr = unwrapParens(statement.expr);
  const timeMs = grid.startMs;
  if (expr.kind === "matrix" || expr.kind === "subquery") return rawRange(context, expr, grid);
  const value = await evaluate(context, expr, grid);
  if (value.type === "string") return { resultType: "string", timeMs, value: value.value };
  if (value.type === "scalar") {
    if (statement.instant)
      return { resultType: "scalar", timeMs, value: value.values[0] ?? Number.NaN };
    const present = new Uint8Array(grid.count).fill(1);
    const series = { labels: {}, dropName: false, present, histograms: undefined };
    return matrixOf(context, [{ ...series, values: value.values }], grid);
  }
  const series = await dropMarkedNames(context, value.series);
  if (!statement.instant) return matrixOf(context, series, grid);
  const samples = series
    .filter(({ present }) => present[0] !== absent)
    .map((one) => {
      const { labels } = one;
      const sample = sampleAt(one, 0);
      if (typeof sample === "number") return { labels, value: sample };
      return { labels, value: Number.NaN, histogram: sample };
    });
  return { resultType: "vector", timeMs, series: samples };
}

/** An instant query of a range vector: its samples as they are. */
async function rawRange(
  context: EvalContext,
  expr: Extract<Expr, { kind: "matrix" | "subquery" }>,
  grid: Grid,
): Promise<QueryData> {
  const rangeMs = durationMs(context, expr.range, false);
  const endMs = shiftedTime(context, expr.kind === "matrix" ? expr.selector : expr, grid.startMs);
  let input = expr.kind === "matrix" ? rangeOfSelector(context, expr, grid) : undefined;
  if (expr.kind === "subquery") {
    const inner = subqueryGrid(context, expr, grid);
    const value = await evaluate(context, expr.expr, inner);
    context.counts?.addInside();
    const series = value.type === "vector" ? await dropMarkedNames(context, value.series) : [];
    input = rangeOfSubquery(context, expr, grid, inner, series);
  }
  if (expr.kind === "matrix" && input !== undefined) context.counts?.addWindows(input, grid, false);
  const series: MatrixSeries[] = [];
  for (const [s, one] of (input?.series ?? []).entries()) {
    if (s % 64 === 0) await breathe(context.budget);
    series.push(...rawSeries(one, input, endMs, rangeMs));
  }
  return sortedMatrix(context, { resultType: "matrix", series });
}

/** The samples of one series in the window, if it has any. */
function rawSeries(
  one: RangeSeries,
  input: RangeInput | undefined,
  endMs: number,
  rangeMs: number,
): MatrixSeries[] {
  const edges = input?.edges;
  const { labels, timestampsMs, values, histograms } = one;
  if (input !== undefined && edges !== undefined) {
    const samples = extendedSamples(one, input);
    return samples === undefined ? [] : [{ labels, ...samples }];
  }
  const from = timestampsMs.findIndex((time) => time > endMs - rangeMs);
  const after = timestampsMs.findIndex((time) => time > endMs);
  const to = after === -1 ? timestampsMs.length : after;
  if (from === -1 || from >= to) return [];
  const times = timestampsMs.slice(from, to);
  const at = (i: number): Histogram | undefined => histograms?.[from + i];
  const plain = { labels, timestampsMs: times, values: values.slice(from, to) };
  return [histograms === undefined ? plain : separated(plain, at)];
}

async function matrixOf(
  { budget }: EvalContext,
  series: readonly StepSeries[],
  grid: Grid,
): Promise<QueryData> {
  const out: MatrixSeries[] = [];
  for (const [s, one] of series.entries()) {
    if (s % 64 === 0) await breathe(budget);
    const { labels, values, present, histograms } = one;
    let count = 0;
    for (const state of present) if (state !== absent) count++;
    if (count === 0) continue;
    const timestampsMs = new Float64Array(count);
    const kept = new Float64Array(count);
    const found: (Histogram | undefined)[] = [];
    for (let i = 0, to = 0; i < grid.count; i++) {
      if (present[i] === absent) continue;
      timestampsMs[to] = grid.startMs + i * grid.stepMs;
      if (histograms !== undefined) found[to] = histogramAt(one, i);
      kept[to++] = values[i] ?? 0;
    }
    const plain = { labels, timestampsMs, values: kept };
    out.push(histograms === undefined ? plain : separated(plain, (i) => found[i]));
  }
  return { resultType: "matrix", grid, series: out };
}

/** Takes the histograms of a mixed series out of its numbers. */
function separated(
  { labels, timestampsMs, values }: MatrixSeries,
  at: (i: number) => Histogram | undefined,
): MatrixSeries {
  const numbers = (_: number, i: number): boolean => at(i) === undefined;
  const found = [...timestampsMs.keys()].flatMap((i) => at(i) ?? []);
  if (found.length === 0) return { labels, timestampsMs, values };
  const times = timestampsMs.filter((time, i) => !numbers(time, i));
  return {
    labels,
    timestampsMs: timestampsMs.filter(numbers),
    values: values.filter(numbers),
    histograms: { timestampsMs: times, values: found },
  };
}

async function sortedMatrix({ budget }: EvalContext, data: QueryData): Promise<QueryData> {
  if (data.resultType !== "matrix") return data;
  return { ...data, series: await sortByLabels(budget, data.series) };
}
