import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { assert } from "#shared/assert.ts";
import { messageOf } from "#shared/errors.ts";
import { queryRange, type RangeColumns, type RangeRequest } from "../client/prometheus.ts";
import { intervalOf } from "./query_client.ts";
import {
  aligned,
  defaultRange,
  stepOf,
  windowOf,
  type TimeRange,
  type Window,
} from "../state/time_range.ts";

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
  /** The same at the end of the window alone, where it was asked for: the grid's last point may be a whole step older. */
  readonly newest: readonly (RangeColumns | undefined)[];
  /** Why the set is not complete: failures of some expressions, warnings of others. */
  readonly complaints: readonly string[];
};

export type RangeRefresh = {
  readonly range: TimeRange;
  readonly pointsMax: number;
  readonly everyMs: number;
  /** Whether what is said beside the picture is of now. */
  readonly withNewest?: boolean;
};

/** A rate that is told as the present one is that of the last two minutes at most, however long the range. */
const newestStepMaxMs = 60_000;

/** Several expressions over the page's range as one picture, refreshed together. Keeps the last good one. */
export function useRangeSet(
  expressions: readonly Expression[],
  { range, pointsMax, everyMs, withNewest = false }: RangeRefresh,
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
      withNewest,
    ],
    queryFn: ({ signal }) => fetchSet(expressions, { range, pointsMax, withNewest }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: intervalOf(everyMs),
    // Columns are typed arrays: comparing them value by value would cost more than drawing them.
    structuralSharing: false,
  });
}

async function fetchSet(
  expressions: readonly Expression[],
  { range, pointsMax, withNewest }: Required<Omit<RangeRefresh, "everyMs">>,
  signal: AbortSignal,
): Promise<RangeSet> {
  const nowMs = Date.now();
  const window = windowOf(range, nowMs) ?? windowOf(defaultRange, nowMs);
  assert(window !== undefined, "the default range is a range");
  const stepMs = stepOf(window, pointsMax);
  const [onGrid, atEnd] = await Promise.all([
    askAll(expressions, { ...aligned(window, stepMs), stepMs, signal }),
    withNewest ? askAll(expressions, endOf(window, stepMs, signal)) : [],
  ]);
  const answers = onGrid.map((one) => (one.status === "fulfilled" ? one.value : undefined));
  const failures = [...onGrid, ...atEnd].flatMap((one): unknown[] =>
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
    newest: atEnd.map((one) => (one.status === "fulfilled" ? one.value : undefined)),
    complaints: [...new Set([...failures.map(messageOf), ...warnings])],
  };
}

type Grid = Omit<RangeRequest, "query">;

function askAll(
  expressions: readonly Expression[],
  grid: Grid,
): Promise<PromiseSettledResult<RangeColumns>[]> {
  return Promise.allSettled(
    expressions.map((expression) => queryRange({ ...grid, query: expression(grid.stepMs) })),
  );
}

/** The last whole second of the window, as a grid of one point. */
function endOf({ endMs }: Window, stepMs: number, signal: AbortSignal): Grid {
  const atMs = Math.floor(endMs / 1_000) * 1_000;
  return { startMs: atMs, endMs: atMs, stepMs: Math.min(stepMs, newestStepMaxMs), signal };
}
