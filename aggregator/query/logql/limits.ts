import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { OperatingError } from "#shared/errors.ts";
import { currentShare } from "../../read/memory/query_memory.ts";
import type { LogsSource } from "../../read/source.ts";
import type { LogqlConfig } from "./config.ts";

export type LogqlLimits = {
  /** Samples that one metric query may hold at once: quantiles and counters need them all. */
  readonly recordsMax: number;
  readonly seriesMax: number;
  /** Series of one range aggregation in memory at once, some kilobyte each; 200,000 where it is not given. */
  readonly heldSeriesMax?: number;
  readonly pointsMax: number;
  /** Longest that a query may take; a minute where it is not given. */
  readonly timeoutMs?: number;
};
/** The configured limits. */
export function logqlLimits({ timeout, series_max, records_max }: LogqlConfig): LogqlLimits {
  return {
    ...defaultLogqlLimits,
    timeoutMs: timeout,
    seriesMax: series_max,
    recordsMax: records_max,
  };
}

export const defaultLogqlLimits: LogqlLimits = {
  recordsMax: 2_000_000,
  seriesMax: 500,
  pointsMax: 11_000,
  timeoutMs: 60_000,
};

/** Loki's words for an answer of more than `seriesMax` series. */
export function tooManySeries(seriesMax: number): OperatingError {
  return new OperatingError(
    "bad_request",
    `maximum number of series (${seriesMax}) reached for a single query; consider reducing query cardinality by adding more specific stream selectors, reducing the time range, or aggregating results with functions like sum(), count() or topk()`,
    { limit: "series" },
  );
}

export type LogScope = {
  readonly tenant: string;
  readonly source: LogsSource;
  readonly limits: LogqlLimits;
  readonly signal?: AbortSignal;
};

/** Stops a query that is cancelled or late, and lets others run. */
export type Pace = {
  /** To be awaited between pieces of work of a few hundred microseconds; undefined where there is no need to wait. */
  readonly breathe: () => Promise<void> | undefined;
  readonly deadlineMs: number;
};

/** Records between two looks at the clock, where they cost next to nothing. */
const strideMax = 64;

/**
 * To be called for every record: looks at the clock more often the more time records take, so that one stage that takes milliseconds a line is stopped
 * as early as others.
 */
export function recordPace(pace: Pick<Pace, "breathe">): () => Promise<void> | undefined {
  let [stride, left] = [1, 1];
  let lookedMs = performance.now();
  return () => {
    if (--left > 0) return undefined;
    const nowMs = performance.now();
    const tookMs = nowMs - lookedMs;
    lookedMs = nowMs;
    if (tookMs > 2) stride = Math.max(1, stride >> 3);
    else if (tookMs < 0.5) stride = Math.min(strideMax, stride * 2);
    left = stride;
    return pace.breathe();
  };
}

export function paceOf({ limits, signal }: LogScope): Pace {
  const deadlineMs = performance.now() + (limits.timeoutMs ?? 60_000);
  const share = currentShare();
  const pause = async () => {
    await nextTurn();
    await share?.room();
  };
  return {
    deadlineMs,
    breathe: () => {
      const now = performance.now();
      if (signal?.aborted === true)
        throw new OperatingError("cancelled", "The request was cancelled by the client.");
      if (now > deadlineMs)
        throw new OperatingError(
          "timeout",
          "request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex match) to reduce the amount of data processed",
        );
      return isTurnOver() ? pause() : undefined;
    },
  };
}
