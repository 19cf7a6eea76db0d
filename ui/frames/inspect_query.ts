import type { MetricFigures } from "#proto/gen/v1/columns_pb.js";
import { framesOf, type Ask } from "./ask.ts";
import type { Frame } from "./frame.ts";
import { answerOf, seriesKept } from "./read_answer.ts";
import { aligned, type Window } from "../state/time_range.ts";
import { askPromql } from "../client/columns.ts";
import { fetchText } from "../client/transport.ts";

/** An answer with everything that an inspector shows of it. */
export type InspectedAnswer = {
  readonly frames: readonly Frame[];
  readonly window: Window;
  readonly stepMs: number;
  readonly instant: boolean;
  /** As it was sent: variables and formulas filled in. */
  readonly expr: string;
  /** Path and parameters of the same question to Prometheus's API, for other clients. */
  readonly address: string;
  /** From the request to the last byte. */
  readonly elapsedMs: number;
  /** Of the answer in columns. */
  readonly bytes: number;
  readonly figures: MetricFigures | undefined;
  readonly seriesCount: number;
  readonly warnings: readonly string[];
  /** Whether stored data are left out; `warnings` name them. */
  readonly isPartial: boolean;
  readonly infos: readonly string[];
  readonly atMs: number;
};

/** The longest that a query of Explore may take: people wait for what they asked, and can cancel it. */
const timeoutMs = 120_000;

type Question = Omit<Ask, "source" | "limit" | "shared">;

/** Asks for an expression with its figures. Throws OperatingError. */
export async function inspectQuery(
  question: Question,
  signal?: AbortSignal,
): Promise<InspectedAnswer> {
  const { expr: query, instant } = question;
  const stepMs = instant ? 0 : question.stepMs;
  const window = instant ? question.window : aligned(question.window, stepMs);
  let bytes = 0;
  const onBytes = (more: number): void => {
    bytes += more;
  };
  const began = performance.now();
  const read = await askPromql(
    { query, ...window, stepMs, figures: true },
    { signal, timeoutMs, seriesMax: seriesKept, onBytes },
  );
  const elapsedMs = performance.now() - began;
  const { warnings, infos, isPartial, metricFigures } = read.end;
  const ask: Ask = { ...question, source: "metrics", limit: undefined, window };
  return {
    frames: framesOf(answerOf(read, window.endMs), ask, [...warnings, ...infos]),
    window,
    stepMs: question.stepMs,
    instant,
    expr: query,
    address: addressOf(question, window),
    elapsedMs,
    bytes,
    figures: metricFigures,
    seriesCount: "seriesCount" in read ? read.seriesCount : 1,
    warnings,
    isPartial,
    infos,
    atMs: Date.now(),
  };
}

/** The answer of Prometheus's API to the same question, as JSON. */
export function queryJson({ address }: InspectedAnswer, signal?: AbortSignal): Promise<string> {
  const { pathname, searchParams } = new URL(address, location.origin);
  return fetchText({ path: pathname, params: [...searchParams], signal, timeoutMs, isForm: true });
}

function addressOf({ expr: query, instant, stepMs }: Question, window: Window): string {
  const end = String(window.endMs / 1_000);
  const start = String(window.startMs / 1_000);
  const params = instant
    ? { query, time: end }
    : { query, start, end, step: String(stepMs / 1_000) };
  const path = instant ? "/api/v1/query" : "/api/v1/query_range";
  return `${path}?${new URLSearchParams(params).toString()}`;
}
