import { z } from "zod";
import type { Labels } from "#shared/model/labels.ts";
import { OperatingError } from "#shared/errors.ts";
import { fetchJson } from "./transport.ts";

/**
 * A range vector as columns. `timesMs` is the grid that was asked for; `values[i]` of a series belongs to
 * `timesMs[i]` and is NaN where the series has no sample: a gap stays a gap.
 */
export type RangeColumns = {
  readonly timesMs: Float64Array;
  readonly series: readonly { readonly labels: Labels; readonly values: Float64Array }[];
  /** What the aggregator says about an answer that is not complete. */
  readonly warnings: readonly string[];
};

export type RangeRequest = {
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly signal?: AbortSignal | undefined;
};

// Not strict, unlike our own files: the format lets servers add members (stats, infos) and readers skip them.
const Metric = z.record(z.string(), z.string());
const Sample = z.tuple([z.number(), z.string()]);
const Matrix = z.object({
  status: z.literal("success"),
  data: z.object({
    resultType: z.literal("matrix"),
    result: z.array(z.object({ metric: Metric, values: z.array(Sample).optional() })),
  }),
  warnings: z.array(z.string()).optional(),
});
const Vector = z.object({
  status: z.literal("success"),
  data: z.object({
    resultType: z.literal("vector"),
    result: z.array(z.object({ metric: Metric, value: Sample.optional() })),
  }),
});

/** GET /api/v1/query_range. */
export async function queryRange(request: RangeRequest): Promise<RangeColumns> {
  const { query, startMs, endMs, stepMs, signal } = request;
  const answer = await fetchJson(
    {
      path: "/api/v1/query_range",
      params: {
        query,
        start: String(startMs / 1_000),
        end: String(endMs / 1_000),
        step: String(stepMs / 1_000),
      },
      signal,
    },
    Matrix,
  );
  const length = Math.floor((endMs - startMs) / stepMs) + 1;
  return {
    timesMs: Float64Array.from({ length }, (_, i) => startMs + i * stepMs),
    series: answer.data.result.map(({ metric, values }) => ({
      labels: metric,
      values: onGrid(values ?? [], startMs, stepMs, length),
    })),
    warnings: answer.warnings ?? [],
  };
}

function onGrid(
  samples: readonly (readonly [number, string])[],
  startMs: number,
  stepMs: number,
  length: number,
): Float64Array {
  const column = new Float64Array(length).fill(Number.NaN);
  for (const [seconds, text] of samples) {
    const i = Math.round((seconds * 1_000 - startMs) / stepMs);
    if (i >= 0 && i < length) column[i] = numberOf(text);
  }
  return column;
}

/** GET /api/v1/query for an expression with one number in its answer; undefined where the answer is empty. */
export async function queryNumber(
  query: string,
  timeMs: number,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const answer = await fetchJson(
    { path: "/api/v1/query", params: { query, time: String(timeMs / 1_000) }, signal },
    Vector,
  );
  if (answer.data.result.length > 1) {
    const count = answer.data.result.length;
    throw new OperatingError("corrupt", `expected one series from ${query}, got ${count}`);
  }
  const text = answer.data.result[0]?.value?.[1];
  return text === undefined ? undefined : numberOf(text);
}

/** Sample values are text, because JSON has no NaN and no infinities. */
function numberOf(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}

/** A label value as a string literal of PromQL and LogQL: whatever the name holds, it stays one value. */
export function quote(value: string): string {
  return JSON.stringify(value);
}
