import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { assert } from "#shared/assert.ts";
import { messageOf } from "#shared/errors.ts";
import { queryRange, type RangeColumns } from "../client/prometheus.ts";
import { intervalOf } from "./queries.ts";
import {
  aligned,
  defaultRange,
  stepOf,
  windowOf,
  type TimeRange,
  type Window,
} from "./time_range.ts";

/** An expression that knows the step of the answer: its own windows must not be narrower. */
export type Expression = (stepMs: number) => string;

/** The answers of several expressions over one grid, in the order asked. */
export type RangeSet = {
  /** What the picture shows: of one length from refresh to refresh. The grid lies on multiples of the step, from just before it. */
  readonly window: Window;
  readonly stepMs: number;
  readonly timesMs: Float64Array;
  /** Undefined for an expression that failed. */
  readonly answers: readonly (RangeColumns | undefined)[];
  /** Why the set is not complete: failures of some expressions, warnings of others. */
  readonly complaints: readonly string[];
};

export type RangeRefresh = {
  readonly range: TimeRange;
  readonly pointsMax: number;
  readonly everyMs: number;
};

/** Several expressions over the page's range as one picture, refreshed together. Keeps the last good one. */
export function useRangeSet(
  expressions: readonly Expression[],
  { range, pointsMax, everyMs }: RangeRefresh,
): UseQueryResult<RangeSet> {
  return useQuery({
    // The zone says where "now/d" begins.
    queryKey: [
      "ranges",
      expressions.map((each) => each(0)),
      range.from,
      range.to,
      range.timeZone,
      pointsMax,
    ],
    queryFn: ({ signal }) => fetchSet(expressions, range, pointsMax, signal),
    placeholderData: keepPreviousData,
    refetchInterval: intervalOf(everyMs),
    // Columns are typed arrays: comparing them value by value would cost more than drawing them.
    structuralSharing: false,
  });
}

async function fetchSet(
  expressions: readonly Expression[],
  range: TimeRange,
  pointsMax: number,
  signal: AbortSignal,
): Promise<RangeSet> {
  const nowMs = Date.now();
  const window = windowOf(range, nowMs) ?? windowOf(defaultRange, nowMs);
  assert(window !== undefined, "the default range is a range");
  const stepMs = stepOf(window, pointsMax);
  const { startMs, endMs } = aligned(window, stepMs);
  const settled = await Promise.allSettled(
    expressions.map((expression) =>
      queryRange({ query: expression(stepMs), startMs, endMs, stepMs, signal }),
    ),
  );
  const answers = settled.map((one) => (one.status === "fulfilled" ? one.value : undefined));
  const failures = settled.flatMap((one): unknown[] =>
    one.status === "rejected" ? [one.reason] : [],
  );
  const first = answers.find((one) => one !== undefined);
  // Nothing at all is a failure; a part is a picture with a complaint.
  if (first === undefined) throw failures[0] ?? new Error("no expression was asked");
  const warnings = answers.flatMap((one) => one?.warnings ?? []);
  return {
    window,
    stepMs,
    timesMs: first.timesMs,
    answers,
    complaints: [...new Set([...failures.map(messageOf), ...warnings])],
  };
}
