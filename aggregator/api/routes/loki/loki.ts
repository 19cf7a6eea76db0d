import { Hono } from "hono";
import type { Context } from "hono";
import type { ErrorCode } from "#shared/errors.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Matcher } from "#shared/model/labels.ts";
import type { LogScope, LogqlLimits } from "../../../query/logql/evaluate.ts";
import {
  defaultLogqlLimits,
  evaluateMetric,
  selectRecords,
} from "../../../query/logql/evaluate.ts";
import { LogqlError, parseLogql } from "../../../query/logql/parse.ts";
import type { LogsSource, SeriesRequest } from "../../../query/source.ts";
import type { LokiParameters, LokiRange } from "./parameters.ts";
import {
  directionOf,
  limitOf,
  lokiParameters,
  parseLokiTime,
  rangeOf,
  stepOf,
} from "./parameters.ts";
import { matrixData, streamsData, vectorData } from "./streams.ts";

export type LokiParts = {
  readonly logs: LogsSource;
  readonly tenant: string;
  readonly now: () => number;
  readonly limits?: LogqlLimits;
};

/** Loki's default for entries a query; its clients page. */
const entriesMax = 5_000;
const statusOf = {
  bad_request: 400,
  not_found: 404,
  overloaded: 429,
  corrupt: 500,
  unavailable: 500,
  timeout: 504,
  cancelled: 500,
  no_space: 500,
} as const satisfies Record<ErrorCode, number>;

/** Loki's read API: query, query_range, labels, label values, series. Errors are plain text, as its clients expect. */
export function lokiRoutes(parts: LokiParts): Hono {
  const app = new Hono();
  const base = "/loki/api/v1";
  const read = (path: string, answer: (p: LokiParameters, c: Context) => Promise<unknown>) =>
    app.on(["GET", "POST"], base + path, async (c) =>
      c.json({ status: "success", data: await answer(await lokiParameters(c.req.raw), c) }),
    );
  read("/query_range", (p, c) => queryRange(p, c, parts));
  read("/query", (p, c) => queryInstant(p, c, parts));
  read("/labels", (p) => parts.logs.labelNames(seriesRequest(p, parts)));
  read("/label", (p) => parts.logs.labelNames(seriesRequest(p, parts)));
  read("/label/:name/values", (p, c) =>
    parts.logs.labelValues(c.req.param("name") ?? "", seriesRequest(p, parts)),
  );
  read("/series", (p) => parts.logs.series(seriesRequest(p, parts)));
  app.get("/ready", (c) => c.text("ready\n"));
  app.onError((thrown, c) => {
    const code = thrown instanceof OperatingError ? thrown.code : "unavailable";
    return c.text(messageOf(thrown), statusOf[code]);
  });
  return app;
}

async function queryRange(p: LokiParameters, c: Context, parts: LokiParts): Promise<unknown> {
  const query = parseLogql(p.text("query") ?? "");
  const range = rangeOf(p, parts.now());
  const startedMs = performance.now();
  const scope = scopeOf(c, parts);
  const seconds = () => (performance.now() - startedMs) / 1_000;
  if (query.kind === "log") {
    const options = { limit: limitOf(p, entriesMax), direction: directionOf(p) };
    const records = await selectRecords(query, { ...range, ...options }, scope);
    const flags = c.req.header("X-Loki-Response-Encoding-Flags") ?? "";
    return streamsData(records, flags.includes("categorize-labels"), seconds());
  }
  const stepMs = stepOf(p, range);
  const times = { ...alignedMs(range, stepMs), stepMs };
  const series = await evaluateMetric(query, times, scope);
  if (typeof series !== "number") return matrixData(series, seconds());
  const steps = Math.floor((times.endMs - times.startMs) / stepMs) + 1;
  const timesMs = Array.from({ length: steps }, (_, i) => times.startMs + i * stepMs);
  return matrixData([{ labels: {}, timesMs, values: timesMs.map(() => series) }], seconds());
}

async function queryInstant(p: LokiParameters, c: Context, parts: LokiParts): Promise<unknown> {
  const query = parseLogql(p.text("query") ?? "");
  if (query.kind === "log")
    throw new LogqlError(
      "log queries are not supported as an instant query type, please change your query to a range query type",
    );
  const time = p.text("time");
  const endMs = time === undefined ? parts.now() : Number(parseLokiTime("time", time) / 1_000_000n);
  const startedMs = performance.now();
  const series = await evaluateMetric(
    query,
    { startMs: endMs, endMs, stepMs: 0 },
    scopeOf(c, parts),
  );
  if (typeof series === "number")
    return { resultType: "scalar", result: [endMs / 1_000, String(series)], stats: {} };
  return vectorData(series, (performance.now() - startedMs) / 1_000);
}

function scopeOf(c: Context, { tenant, logs, limits }: LokiParts): LogScope {
  return { tenant, source: logs, limits: limits ?? defaultLogqlLimits, signal: c.req.raw.signal };
}

/** Steps lie on multiples of the step, so that a refresh a moment later asks for the same points. */
function alignedMs({ startNs, endNs }: LokiRange, stepMs: number) {
  const startMs = Math.ceil(Number(startNs / 1_000_000n) / stepMs) * stepMs;
  return { startMs, endMs: Math.max(startMs, Number(endNs / 1_000_000n)) };
}

function seriesRequest(p: LokiParameters, { tenant, now }: LokiParts): SeriesRequest {
  const { startNs, endNs } = rangeOf(p, now());
  const texts = p.all("match", "match[]", "query").filter((text) => text !== "" && text !== "{}");
  return {
    tenant,
    selectors: texts.map(selectorOf),
    startMs: Number(startNs / 1_000_000n),
    endMs: Number(endNs / 1_000_000n),
  };
}

function selectorOf(text: string): readonly Matcher[] {
  const query = parseLogql(text);
  if (query.kind === "log" && query.lineFilters.length + query.labelFilters.length === 0)
    return query.matchers;
  throw new LogqlError(`expected a stream selector, got ${text}`);
}
