import type { QueryLogqlRequest, QueryPromqlRequest } from "#proto/gen/v1/query_pb.js";
import { pacer } from "#shared/async/pacer.ts";
import { OperatingError } from "#shared/errors.ts";
import { LogqlError, parseLogql } from "../../log_pipeline/parse_query.ts";
import {
  type LogAnswer,
  type LogData,
  instantAnswer,
  linesAnswer,
  rangeAnswer,
} from "../../query/logql/answer.ts";
import type { LogqlLimits } from "../../query/logql/limits.ts";
import type { PromqlEngine, QueryData } from "../../query/promql/engine.ts";
import { queryFigures } from "../../query/promql/json.ts";
import { countRefusal } from "../../query/refusals.ts";
import { traceJson } from "../../query/trace_json.ts";
import { currentShare } from "../../read/memory/query_memory.ts";
import { MissingBlocks } from "../../read/missing_blocks.ts";
import { reportingLogs } from "../../read/reporting_logs.ts";
import type { LogsSource } from "../../read/source.ts";
import { connectErrorOf } from "../connect_routes.ts";
import { wholeMax } from "../large_answer.ts";
import {
  type LokiRange,
  directionNamed,
  limitWithin,
  ordered,
  stepWithin,
} from "../routes/loki/parameters.ts";
import { entriesMax } from "../routes/loki/query_routes.ts";
import { endOf, stepOf } from "../routes/prometheus/params.ts";
import { asParameter } from "../routes/prometheus/query_routes.ts";
import type { AnswerPart } from "./answer_part.ts";
import { type AnswerEnd, answerParts, partBytes } from "./answer_parts.ts";

export type QueryParts = {
  readonly engine: PromqlEngine;
  readonly logs: LogsSource;
  readonly limits: LogqlLimits;
  readonly tenant: string;
  /** The folder or address of the blocks, in the form that DuckDB reads. */
  readonly blocksFolder: string;
};

type Answered = { readonly data: QueryData | LogData; readonly end: AnswerEnd };

/** The answer to a PromQL query in parts. Throws ConnectError. */
export function promqlParts(
  parts: QueryParts,
  request: QueryPromqlRequest,
  signal: AbortSignal,
): AsyncGenerator<AnswerPart> {
  return sent(() => promql(parts, request, signal));
}

/** The answer to a LogQL query in parts. Throws ConnectError. */
export function logqlParts(
  parts: QueryParts,
  request: QueryLogqlRequest,
  signal: AbortSignal,
): AsyncGenerator<AnswerPart> {
  return sent(() => logql(parts, request, signal));
}

/** The parts are made as their client reads them; the answer counts as held until then. */
async function* sent(answer: () => Promise<Answered>): AsyncGenerator<AnswerPart> {
  try {
    const { data, end } = await answer();
    const share = currentShare();
    const isSent = share?.send();
    try {
      const pause = pacer();
      let held = 0;
      for (const part of answerParts(data, end)) {
        const bytes = partBytes(part);
        share?.hold(bytes);
        held += bytes;
        yield part;
        // The first parts are gathered to one body; of the others one is in memory.
        if (held > wholeMax) {
          share?.hold(-bytes);
          held -= bytes;
        }
        await pause();
      }
    } finally {
      isSent?.();
    }
  } catch (thrown) {
    countRefusal(thrown);
    throw connectErrorOf(thrown);
  }
}

async function promql(
  { engine, tenant, blocksFolder }: QueryParts,
  { query, start, end, step, figures }: QueryPromqlRequest,
  signal: AbortSignal,
): Promise<Answered> {
  const options = { tenant, signal, counting: figures, tracing: figures };
  const endMs = msOf("end", end);
  const { data, warnings, infos, stats, isPartial } = await asParameter(() => {
    if (step === 0) return engine.instant(query, { ...options, timeMs: endMs });
    const startMs = msOf("start", start);
    const bounds = { startMs, endMs: endOf(startMs, endMs), stepMs: stepOf(stepMsOf(step)) };
    return engine.range(query, { ...options, ...bounds });
  });
  const { traces = [] } = stats;
  const cost = { ...queryFigures(stats), read: traceJson(traces, blocksFolder) };
  return {
    data,
    end: {
      warnings: [...warnings],
      infos: [...infos],
      isPartial: isPartial === true,
      ...(figures ? { metricFigures: cost } : {}),
    },
  };
}

async function logql(
  { logs, limits, tenant }: QueryParts,
  request: QueryLogqlRequest,
  signal: AbortSignal,
): Promise<Answered> {
  const missing = new MissingBlocks();
  const scope = { tenant, limits, signal, source: reportingLogs(logs, missing) };
  const { data, figures } = await logAnswer(request, scope);
  const { seconds, lines, bytes } = figures;
  const isPartial = !missing.isEmpty;
  return {
    data,
    end: { warnings: missing.warnings(), isPartial, logFigures: { seconds, lines, bytes } },
  };
}

async function logAnswer(
  request: QueryLogqlRequest,
  scope: Parameters<typeof linesAnswer>[2],
): Promise<LogAnswer> {
  const { instant, step, limit, direction } = request;
  const query = parseLogql(request.query);
  const range = rangeOf(request);
  if (query.kind === "log") {
    if (instant) throw new LogqlError("a log query has no answer at one moment: ask for a range");
    const wanted = { ...range, direction: directionNamed(direction || "backward") };
    return linesAnswer(
      query,
      { ...wanted, limit: limitWithin(limit === 0 ? undefined : limit, entriesMax) },
      scope,
    );
  }
  if (instant) return instantAnswer(query, Number(range.endNs / 1_000_000n), scope);
  const stepMs = stepWithin(step > 0 ? stepMsOf(step) : undefined, range);
  return rangeAnswer(query, { ...range, stepMs }, scope);
}

function rangeOf({ start, end, startNs, endNs, instant }: QueryLogqlRequest): LokiRange {
  const to = endNs === 0n ? nsOf("end", end) : endNs;
  if (instant) return { startNs: to, endNs: to };
  return ordered({ startNs: endNs === 0n ? nsOf("start", start) : startNs, endNs: to });
}

function nsOf(name: string, seconds: number): bigint {
  return BigInt(msOf(name, seconds)) * 1_000_000n;
}

/** Whole Unix milliseconds. */
function msOf(name: string, seconds: number): number {
  if (Number.isFinite(seconds)) return Math.round(seconds * 1_000);
  throw new OperatingError("bad_request", `${name} is ${seconds}: expected Unix seconds`);
}

/** Without what a product of doubles adds: 1.001 s are 1,001 ms. */
function stepMsOf(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e3;
}
