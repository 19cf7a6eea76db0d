import { labelsKey } from "#shared/model/labels.ts";
import type { LogQuery, MetricQuery } from "#shared/query_language/logql/ast.ts";
import type { AnswerGrid, MatrixSeries, SeriesData } from "../answer.ts";
import { CountedSource, type Figures } from "./counted_source.ts";
import { evaluateMetric } from "./evaluate.ts";
import type { LogScope } from "./limits.ts";
import { type LogEntry, type LogRange, selectRecords } from "./select.ts";

export type LogData =
  | SeriesData
  /** Records in the order asked for. */
  | { readonly resultType: "streams"; readonly entries: readonly LogEntry[] };

/** What a LogQL query finds, and what it read for that. */
export type LogAnswer = { readonly data: LogData; readonly figures: Figures };

export type LogAnswerScope = LogScope & {
  /** Whether notes are taken of what is read. */
  readonly tracing?: boolean;
};

/** The records of a log query. */
export async function linesAnswer(
  query: LogQuery,
  range: LogRange,
  asked: LogAnswerScope,
): Promise<LogAnswer> {
  const { scope, source } = counted(asked);
  const entries = await selectRecords(query, range, scope);
  return { data: { resultType: "streams", entries }, figures: source.figures(entries.length) };
}

/**
 * The series of a metric query over a range. Steps lie on multiples of the step, so that a refresh a moment later asks for the same points:
 * from the last at or before the start to the first at or after the end, as Loki has them (pkg/querier/queryrange/splitters.go), so that what
 * is newest is in some window.
 */
export async function rangeAnswer(
  query: MetricQuery,
  { startNs, endNs, stepMs }: { startNs: bigint; endNs: bigint; stepMs: number },
  asked: LogAnswerScope,
): Promise<LogAnswer> {
  const { scope, source } = counted(asked);
  const startMs = Math.floor(Number(startNs / 1_000_000n) / stepMs) * stepMs;
  const endMs = Math.max(startMs, Math.ceil(Number(endNs) / 1e6 / stepMs) * stepMs);
  const found = await evaluateMetric(query, { startMs, endMs, stepMs }, scope);
  const grid = { startMs, stepMs, count: Math.floor((endMs - startMs) / stepMs) + 1 };
  const series = typeof found === "number" ? [constant(found, grid)] : found.toSorted(byLabels);
  return { data: { resultType: "matrix", grid, series }, figures: source.figures(0) };
}

/** The series of a metric query at one time. Those of a query that sorts keep its order. */
export async function instantAnswer(
  query: MetricQuery,
  timeMs: number,
  asked: LogAnswerScope,
): Promise<LogAnswer> {
  const { scope, source } = counted(asked);
  const found = await evaluateMetric(query, { startMs: timeMs, endMs: timeMs, stepMs: 0 }, scope);
  const figures = source.figures(0);
  if (typeof found === "number")
    return { data: { resultType: "scalar", timeMs, value: found }, figures };
  const ordered = sorts(query) ? found : found.toSorted(byLabels);
  const series = ordered.map(({ labels, values }) => ({ labels, value: values[0] ?? Number.NaN }));
  return { data: { resultType: "vector", timeMs, series }, figures };
}

function counted(asked: LogAnswerScope) {
  const source = new CountedSource(asked.source, asked.tracing);
  return { source, scope: { ...asked, source } };
}

/** A number has the same value at every step. */
function constant(value: number, { startMs, stepMs, count }: AnswerGrid): MatrixSeries {
  return {
    labels: {},
    timestampsMs: Float64Array.from({ length: count }, (_, i) => startMs + i * stepMs),
    values: new Float64Array(count).fill(value),
  };
}

function sorts(query: MetricQuery): boolean {
  if (query.kind === "aggregate") return query.op.startsWith("sort") || sorts(query.of);
  if (query.kind === "binary") return sorts(query.left) || sorts(query.right);
  return query.kind === "label_replace" && sorts(query.of);
}

function byLabels(a: MatrixSeries, b: MatrixSeries): number {
  return labelsKey(a.labels) < labelsKey(b.labels) ? -1 : 1;
}
