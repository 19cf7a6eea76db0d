import type { Context, Hono } from "hono";
import { type LogScope, evaluateMetric } from "../../../query/logql/evaluate.ts";
import { LogqlError, parseLogql } from "../../../log_pipeline/parse_query.ts";
import { selectRecords } from "../../../query/logql/evaluate.ts";
import type { LogQuery, MetricQuery } from "#shared/query_language/logql/ast.ts";
import { type LokiParts, basePath, readsData, scopeOf } from "./context.ts";
import {
  type LokiParameters,
  type LokiRange,
  directionOf,
  intervalOf,
  limitOf,
  parseLokiTime,
  rangeOf,
  stepOf,
} from "./parameters.ts";
import { CountedSource, statistics } from "./statistics.ts";
import { categorizes, matrixResult, streamsResult, vectorResult } from "./streams.ts";

/** Loki's default for entries a query; its clients page. */
export const entriesMax = 5_000;

/** query_range and query. */
export function queryRoutes(app: Hono, parts: LokiParts): void {
  readsData(app, `${basePath}/query_range`, (p, c, missing) =>
    queryRange(p, scopeOf(c, parts, missing), c, parts),
  );
  readsData(app, `${basePath}/query`, (p, c, missing) =>
    queryInstant(p, scopeOf(c, parts, missing), parts),
  );
}

async function queryRange(
  p: LokiParameters,
  reader: LogScope,
  c: Context,
  parts: LokiParts,
): Promise<unknown> {
  const query = parseLogql(p.text("query") ?? "");
  const range = rangeOf(p, parts.now());
  const source = new CountedSource(reader.source, p.text("stats") === "all");
  const scope = { ...reader, source };
  if (query.kind === "log") return logAnswer(query, p, range, c, scope);
  const stepMs = stepOf(p, range);
  const times = { ...alignedMs(range, stepMs), stepMs };
  const series = await evaluateMetric(query, times, scope);
  const stats = () => statistics(source.figures(0));
  if (typeof series !== "number") return { ...matrixResult(series), stats: stats() };
  const steps = Math.floor((times.endMs - times.startMs) / stepMs) + 1;
  const timesMs = Array.from({ length: steps }, (_, i) => times.startMs + i * stepMs);
  const values = timesMs.map(() => series);
  return { ...matrixResult([{ labels: {}, timesMs, values }]), stats: stats() };
}

async function logAnswer(
  query: LogQuery,
  p: LokiParameters,
  range: LokiRange,
  c: Context,
  scope: LogScope & { readonly source: CountedSource },
): Promise<unknown> {
  const limit = limitOf(p, entriesMax);
  const wanted = { ...range, direction: directionOf(p), limit, intervalMs: intervalOf(p) };
  const entries = await selectRecords(query, wanted, scope);
  const { resultType, ...rest } = streamsResult(entries, categorizes(c.req.raw));
  const stats = statistics(scope.source.figures(entries.length));
  return { resultType, ...rest, stats };
}

async function queryInstant(
  p: LokiParameters,
  reader: LogScope,
  parts: LokiParts,
): Promise<unknown> {
  const query = parseLogql(p.text("query") ?? "");
  if (query.kind === "log")
    throw new LogqlError(
      "log queries are not supported as an instant query type, please change your query to a range query type",
    );
  const time = p.text("time");
  const endMs = time === undefined ? parts.now() : Number(parseLokiTime("time", time) / 1_000_000n);
  const source = new CountedSource(reader.source, p.text("stats") === "all");
  const scope = { ...reader, source };
  const series = await evaluateMetric(query, { startMs: endMs, endMs, stepMs: 0 }, scope);
  const stats = statistics(source.figures(0));
  return typeof series === "number"
    ? { resultType: "scalar", result: [endMs / 1_000, String(series)], stats }
    : { ...vectorResult(series, sorts(query) ? "given" : "by labels"), stats };
}

function sorts(query: MetricQuery): boolean {
  if (query.kind === "aggregate") return query.op.startsWith("sort") || sorts(query.of);
  if (query.kind === "binary") return sorts(query.left) || sorts(query.right);
  return query.kind === "label_replace" && sorts(query.of);
}

/**
 * Steps lie on multiples of the step, so that a refresh a moment later asks for the same points: from the last at or before the start to
 * the first at or after the end, as Loki has them (pkg/querier/queryrange/splitters.go), so that what is newest is in some window.
 */
function alignedMs({ startNs, endNs }: LokiRange, stepMs: number) {
  const startMs = Math.floor(Number(startNs / 1_000_000n) / stepMs) * stepMs;
  const endMs = Math.ceil(Number(endNs) / 1e6 / stepMs) * stepMs;
  return { startMs, endMs: Math.max(startMs, endMs) };
}
