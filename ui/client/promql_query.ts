import { z } from "zod";
import { framesOf, type Ask } from "../frames/ask.ts";
import type { Frame } from "../frames/frame.ts";
import { readAnswer } from "../frames/read_answer.ts";
import { aligned, type Window } from "../state/time_range.ts";
import { fetchText, readJson } from "./transport.ts";

/** What a query cost, as far as the aggregator says. Times in seconds. */
export type QueryStats = z.output<typeof Stats>;

/** An answer with everything that an inspector shows of it. */
export type InspectedAnswer = {
  readonly frames: readonly Frame[];
  readonly window: Window;
  readonly stepMs: number;
  readonly instant: boolean;
  /** As it was sent: variables and formulas filled in. */
  readonly expr: string;
  /** Path and parameters of the request. */
  readonly address: string;
  /** From the request to the last byte. */
  readonly elapsedMs: number;
  readonly bytes: number;
  /** Empty where it is too long to be shown. */
  readonly body: string;
  readonly stats: QueryStats | undefined;
  readonly seriesCount: number;
  readonly warnings: readonly string[];
  /** Whether stored data are left out; `warnings` name them. */
  readonly isPartial: boolean;
  readonly infos: readonly string[];
  readonly atMs: number;
};

/** The longest that a query of Explore may take: people wait for what they asked, and can cancel it. */
const timeoutMs = 120_000;

/** Longer answers are not kept as text beside their columns. */
const bodyMax = 2_000_000;

const seconds = z.number().default(0);
const Stats = z.looseObject({
  timings: z.record(z.string(), z.number()).default({}),
  samples: z
    .looseObject({ totalQueryableSamples: seconds, peakSamples: seconds, samplesRead: seconds })
    .optional(),
  /** What Lapwing tells beyond Prometheus: blocks, bytes, SQL. Shown as it comes. */
  lapwing: z.record(z.string(), z.unknown()).optional(),
});

// Not strict: the format lets servers add members, and readers skip them. Samples are read by hand, for there may be millions.
const Envelope = z.object({
  status: z.literal("success"),
  data: z.object({
    resultType: z.string(),
    result: z.unknown(),
    stats: Stats.optional().catch(undefined),
  }),
  warnings: z.array(z.string()).nullish(),
  isPartial: z.boolean().nullish(),
  infos: z.array(z.string()).nullish(),
});

type Question = Omit<Ask, "source" | "limit" | "shared">;

/** Asks for an expression with its figures. Throws OperatingError, as fetchJson() does. */
export async function inspectQuery(
  question: Question,
  signal?: AbortSignal,
): Promise<InspectedAnswer> {
  const { expr, instant, stepMs } = question;
  const window = instant ? question.window : aligned(question.window, stepMs);
  const request = { path: pathOf(instant), params: paramsOf(question, window), signal, timeoutMs };
  const began = performance.now();
  const body = await fetchText(request);
  const elapsedMs = performance.now() - began;
  const { data, warnings, isPartial, infos } = readJson(request.path, body, Envelope);
  const { startMs, endMs } = window;
  const length = instant ? 1 : Math.floor((endMs - startMs) / stepMs) + 1;
  const grid = instant ? { startMs: endMs, stepMs: 1, length } : { startMs, stepMs, length };
  const answer = readAnswer(data.resultType, data.result, grid);
  const ask: Ask = { ...question, source: "metrics", limit: undefined, window };
  return {
    frames: framesOf(answer, ask, [...(warnings ?? []), ...(infos ?? [])]),
    window,
    stepMs,
    instant,
    expr,
    address: `${request.path}?${new URLSearchParams(withoutStats(request.params)).toString()}`,
    elapsedMs,
    bytes: body.length,
    body: body.length <= bodyMax ? body : "",
    stats: data.stats,
    seriesCount: Array.isArray(data.result) ? data.result.length : 1,
    warnings: warnings ?? [],
    isPartial: isPartial ?? false,
    infos: infos ?? [],
    atMs: Date.now(),
  };
}

/** GET /api/v1/format_query: the expression as Prometheus would lay it out. */
export async function formatPromql(query: string, signal?: AbortSignal): Promise<string> {
  const path = "/api/v1/format_query";
  const body = await fetchText({ path, params: { query }, signal });
  return readJson(path, body, z.object({ data: z.string() })).data;
}

function pathOf(instant: boolean): string {
  return instant ? "/api/v1/query" : "/api/v1/query_range";
}

function paramsOf({ expr, instant, stepMs }: Question, window: Window): Record<string, string> {
  const end = String(window.endMs / 1_000);
  if (instant) return { query: expr, time: end, stats: "all" };
  const step = String(stepMs / 1_000);
  return { query: expr, start: String(window.startMs / 1_000), end, step, stats: "all" };
}

function withoutStats(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).filter(([name]) => name !== "stats"));
}
