import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { gridTimes, onGrid } from "#proto/columns/series_reader.ts";
import type { ReadAnswer } from "#proto/columns/answer_reader.ts";
import { askPromql } from "./columns.ts";

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

/** A PromQL query over a range. */
export async function queryRange({ signal, ...question }: RangeRequest): Promise<RangeColumns> {
  const answer = await askPromql(question, { signal });
  const { series, grid } = seriesIn(answer);
  return {
    timesMs: gridTimes(grid),
    series: series.map((one) => ({ labels: one.labels, values: onGrid(one, grid) })),
    warnings: answer.end.warnings,
  };
}

/** One series' value at one moment. */
export type VectorRow = { readonly labels: Labels; readonly value: number };

/** A PromQL query at one moment. */
export async function queryVector(
  query: string,
  timeMs: number,
  signal?: AbortSignal,
): Promise<VectorRow[]> {
  const question = { query, startMs: timeMs, endMs: timeMs, stepMs: 0 };
  const { series } = seriesIn(await askPromql(question, { signal }));
  return series.flatMap(({ labels, values: [value] }) =>
    value === undefined ? [] : [{ labels, value }],
  );
}

/** The same for an expression with one number in its answer; undefined where the answer is empty. */
export async function queryNumber(
  query: string,
  timeMs: number,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const rows = await queryVector(query, timeMs, signal);
  if (rows.length > 1) {
    throw new OperatingError("corrupt", `expected one series from ${query}, got ${rows.length}`);
  }
  return rows[0]?.value;
}

function seriesIn(answer: ReadAnswer) {
  if ("series" in answer && answer.grid !== undefined)
    return { series: answer.series, grid: answer.grid };
  throw new OperatingError("corrupt", `the aggregator answered a ${answer.type} without steps`);
}

/** A label value as a string literal of PromQL and LogQL: whatever the name holds, it stays one value. */
export function quote(value: string): string {
  return JSON.stringify(value);
}
