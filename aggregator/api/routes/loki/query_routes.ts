import type { Context, Hono } from "hono";
import type { LogScope } from "../../../query/logql/evaluate.ts";
import { LogqlError, parseLogql } from "../../../log_pipeline/parse_query.ts";
import {
  type LogAnswer,
  instantAnswer,
  linesAnswer,
  rangeAnswer,
} from "../../../query/logql/answer.ts";
import { type LokiParts, basePath, readsData, scopeOf } from "./context.ts";
import {
  type LokiParameters,
  directionOf,
  intervalOf,
  limitOf,
  parseLokiTime,
  rangeOf,
  stepOf,
} from "./parameters.ts";
import { statistics } from "./statistics.ts";
import { categorizes, dataJson } from "./streams.ts";

/** Loki's default for entries a query; its clients page. */
export const entriesMax = 5_000;

/** query_range and query. */
export function queryRoutes(app: Hono, parts: LokiParts): void {
  readsData(app, `${basePath}/query_range`, async (p, c, missing) =>
    answerJson(await queryRange(p, scopeOf(c, parts, missing), parts), c),
  );
  readsData(app, `${basePath}/query`, async (p, c, missing) =>
    answerJson(await queryInstant(p, scopeOf(c, parts, missing), parts), c),
  );
}

async function queryRange(
  p: LokiParameters,
  reader: LogScope,
  parts: LokiParts,
): Promise<LogAnswer> {
  const query = parseLogql(p.text("query") ?? "");
  const range = rangeOf(p, parts.now());
  const scope = { ...reader, tracing: p.text("stats") === "all" };
  if (query.kind !== "log")
    return rangeAnswer(query, { ...range, stepMs: stepOf(p, range) }, scope);
  const limit = limitOf(p, entriesMax);
  const wanted = { ...range, direction: directionOf(p), limit, intervalMs: intervalOf(p) };
  return linesAnswer(query, wanted, scope);
}

async function queryInstant(
  p: LokiParameters,
  reader: LogScope,
  parts: LokiParts,
): Promise<LogAnswer> {
  const query = parseLogql(p.text("query") ?? "");
  if (query.kind === "log")
    throw new LogqlError(
      "log queries are not supported as an instant query type, please change your query to a range query type",
    );
  const time = p.text("time");
  const endMs = time === undefined ? parts.now() : Number(parseLokiTime("time", time) / 1_000_000n);
  return instantAnswer(query, endMs, { ...reader, tracing: p.text("stats") === "all" });
}

/** Loki's `data`: the result and what it cost. */
async function answerJson({ data, figures }: LogAnswer, c: Context): Promise<object> {
  return { ...(await dataJson(data, categorizes(c.req.raw))), stats: statistics(figures) };
}
