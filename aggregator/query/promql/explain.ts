import type { Matcher } from "#shared/model/labels.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import type { PromqlConfig } from "./config.ts";
import { newAnnotations } from "./model/annotations.ts";
import type { EvalContext } from "./model/context.ts";
import { planFetches, resetSelectors } from "./selection/plan.ts";

/** What an instant query reads for one selector. Unix milliseconds, both inclusive. */
export type PlannedRead = {
  readonly matchers: readonly Matcher[];
  readonly startMs: number;
  readonly endMs: number;
  /** Only the newest sample of each series counts. */
  readonly isNewest: boolean;
};

/** What an instant query would read, without reading it: each selector and span once. Throws PromqlError. */
export function explainInstant(query: string, timeMs: number, config: PromqlConfig): PlannedRead[] {
  const { expr } = parsePromql(query);
  const context: EvalContext = {
    query,
    startMs: timeMs,
    endMs: timeMs,
    stepMs: 0,
    lookbackMs: config.lookback,
    delayedNameRemoval: config.delayed_name_removal,
    useStartTimestamps: config.use_start_timestamps,
    refusesUnmatchedDuplicates: false,
    defaultSubqueryStepMs: config.subquery_step,
    notes: newAnnotations(query),
    fetched: new Map(),
    resetSelectors: resetSelectors(expr),
    budget: {
      samplesMax: config.samples_max,
      deadlineMs: Infinity,
      monotonic: () => 0,
      signal: undefined,
      memory: undefined,
      samples: 0,
      peakSamples: 0,
    },
  };
  const grid = { startMs: timeMs, stepMs: 0, count: 1 };
  const reads = planFetches(context, expr, grid).map(
    ({ selector, startMs, endMs, newest }): PlannedRead => ({
      matchers: selector.matchers,
      startMs,
      endMs,
      isNewest: newest?.count === 1,
    }),
  );
  return [...new Map(reads.map((read) => [JSON.stringify(read), read])).values()];
}
