import type { PromqlEngine, QueryData, QueryResult } from "#aggregator/query/promql/engine.ts";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { queryDataJson } from "#aggregator/query/promql/json.ts";
import { traceJson } from "#aggregator/query/trace_json.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { Hono } from "hono";
import { type Answer, answering, invalidParameter, truncated } from "./answer.ts";
import {
  type Params,
  durationParam,
  endOf,
  limitParam,
  readParams,
  stepOf,
  timeParam,
} from "./params.ts";

export type QueryParts = {
  readonly engine: PromqlEngine;
  readonly clock: Clock;
  /** Whose data the request asks for. */
  readonly tenant: (request: Request) => string;
  /** Where blocks lie, as DuckDB is told; without it nothing is told of what was read. */
  readonly blocksFolder?: string;
};

/** /query, /query_range. */
export function queryRoutes({ engine, clock, tenant, blocksFolder }: QueryParts): Hono {
  const app = new Hono();
  app.on(
    ["GET", "POST"],
    "/query",
    answering(async (c) => {
      const params = await readParams(c);
      const limit = limitParam(params);
      const timeMs = timeParam(params, "time", clock.now());
      const query = params.get("query");
      const options = {
        ...optionsOf(params),
        tenant: tenant(c.req.raw),
        signal: c.req.raw.signal,
        timeMs,
      };
      const result = await asParameter(() => engine.instant(query, options));
      return answerOf(params, limit, result, blocksFolder);
    }),
  );
  app.on(
    ["GET", "POST"],
    "/query_range",
    answering(async (c) => {
      const params = await readParams(c);
      const limit = limitParam(params);
      const startMs = timeParam(params, "start");
      const endMs = endOf(startMs, timeParam(params, "end"));
      const stepMs = durationParam(params, "step");
      if (stepMs === undefined)
        throw invalidParameter("step", 'cannot parse "" to a valid duration');
      const bounds = { startMs, endMs, stepMs: stepOf(stepMs) };
      const options = {
        ...optionsOf(params),
        tenant: tenant(c.req.raw),
        signal: c.req.raw.signal,
        ...bounds,
      };
      const result = await asParameter(() => engine.range(params.get("query"), options));
      return answerOf(params, limit, result, blocksFolder);
    }),
  );
  return app;
}

function optionsOf(params: Params): {
  timeoutMs: number | undefined;
  lookbackMs: number | undefined;
  counting: boolean;
  tracing: boolean;
} {
  const lookbackMs = durationParam(params, "lookback_delta");
  return {
    timeoutMs: durationParam(params, "timeout"),
    lookbackMs,
    counting: params.get("stats") !== "",
    tracing: params.get("stats") === "all",
  };
}

/** Faults of the query text are told as faults of the parameter; the resolution's limit stands for itself. */
export async function asParameter<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    if (!(thrown instanceof PromqlError) || thrown.errorType !== "bad_data") throw thrown;
    if (thrown.message.startsWith("exceeded maximum resolution")) throw thrown;
    throw invalidParameter("query", thrown.message, { cause: thrown });
  }
}

function answerOf(
  params: Params,
  limit: number,
  { data, warnings, infos, stats, ...mark }: QueryResult,
  blocksFolder: string | undefined,
): Answer {
  const cut = limited(data, limit);
  const wanted = params.get("stats");
  const notes = [...warnings];
  if (cut !== data) notes.push(truncated);
  if (wanted !== "" && wanted !== "true" && wanted !== "all") {
    const text = `value ${JSON.stringify(wanted)} for parameter "stats" is deprecated and will be rejected`;
    notes.push(`${text} in the next major release, use "true" or "all"`);
  }
  const { traces } = stats;
  const own =
    traces === undefined || blocksFolder === undefined
      ? undefined
      : traceJson(traces, blocksFolder);
  return {
    dataJson: queryDataJson(cut, wanted === "" ? undefined : stats, wanted === "all", own),
    ...mark,
    warnings: notes,
    infos,
  };
}

function limited(data: QueryData, limit: number): QueryData {
  if (limit === 0) return data;
  if (data.resultType === "vector" && data.series.length > limit) {
    return { ...data, series: data.series.slice(0, limit) };
  }
  if (data.resultType === "matrix" && data.series.length > limit) {
    return { ...data, series: data.series.slice(0, limit) };
  }
  return data;
}
