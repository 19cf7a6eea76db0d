import type { Expr, SelectorExpr, SubqueryExpr } from "#shared/query_language/promql/ast.ts";
import { type EvalContext, childrenOf, durationMs, shiftedTime } from "../model/context.ts";
import { executionError } from "#shared/query_language/promql/errors.ts";
import { columnsOf } from "../windows/bucket_windows.ts";
import type { BucketColumn, TierWish, Windows } from "../../../read/source.ts";
import { type Grid, gridEnd } from "../model/values.ts";

/** What one selector needs from the store; both ends inclusive. */
export type Fetch = {
  readonly selector: SelectorExpr;
  readonly startMs: number;
  readonly endMs: number;
  /** Of an instant selector: only the newest sample of each look-back counts. */
  readonly newest?: Windows;
  /** Only whether there is a sample counts. */
  readonly presence?: boolean;
  /** Start timestamps are wanted too. */
  readonly starts?: boolean;
  readonly tiers: TierWish;
};

/** Steps of a subquery beyond this are refused: each is an evaluation of everything inside. */
const subqueryStepsMax = 1_000_000;

/** Every selector of the query with the time that it will read: windows are left-open, so the first millisecond is not. */
export function planFetches(
  context: EvalContext,
  expr: Expr,
  grid: Grid,
  use: Use = anything,
): Fetch[] {
  if (expr.kind === "selector") {
    if (expr.edges === "smoothed")
      return [reachingFetch(context, expr, grid, context.lookbackMs, use)];
    const fetch = fetchOf(context, expr, grid, context.lookbackMs, []);
    // Resets are found between neighbours, so all samples are wanted.
    if (context.resetSelectors.has(expr)) return [{ ...fetch, tiers: samplesOnly }];
    const newest = {
      firstEndMs: shiftedTime(context, expr, grid.startMs),
      stepMs: expr.at === undefined ? grid.stepMs : 0,
      count: grid.count,
      lengthMs: context.lookbackMs,
    };
    return [{ ...fetch, newest, ...wantsOf(use) }];
  }
  if (expr.kind === "matrix") {
    const rangeMs = durationMs(context, expr.range, false);
    const { edges } = expr.selector;
    if (edges !== undefined)
      return [reachingFetch(context, expr.selector, grid, rangeMs + context.lookbackMs, use)];
    const fetch = fetchOf(context, expr.selector, grid, rangeMs, use.columns);
    return [{ ...fetch, ...wantsOf(use) }];
  }
  const inner = expr.kind === "subquery" ? subqueryGrid(context, expr, grid) : grid;
  if (inner.count === 0) return [];
  const own = expr.kind === "paren" ? use : useOf(context, expr);
  return childrenOf(expr).flatMap((child) => planFetches(context, child, inner, own));
}

/** What a node looks at of what it is made of. */
type Use = {
  /** Only whether there is a sample. */
  readonly presence: boolean;
  /** Columns of buckets that answer as samples do; undefined where no buckets do. */
  readonly columns: readonly BucketColumn[] | undefined;
  /** Since when samples count. */
  readonly starts: boolean;
};

const anything: Use = { presence: false, columns: undefined, starts: false };

function useOf({ useStartTimestamps }: EvalContext, expr: Expr): Use {
  const columns = expr.kind === "call" ? columnsOf(expr.name) : undefined;
  const starts = useStartTimestamps && expr.kind === "call" && startCalls.has(expr.name);
  return { presence: ignoresValues(expr), columns, starts };
}

const startCalls: ReadonlySet<string> = new Set([
  "rate",
  "irate",
  "increase",
  "resets",
  "start_timestamp",
]);

function wantsOf({ presence, starts }: Use): Pick<Fetch, "presence" | "starts"> {
  return { ...(presence ? { presence } : {}), ...(starts ? { starts } : {}) };
}

const presenceCalls: ReadonlySet<string> = new Set([
  "absent",
  "absent_over_time",
  "count_over_time",
  "present_over_time",
]);

/** Whether a node's result is the same whatever the values of what it is made of. */
function ignoresValues(expr: Expr): boolean {
  if (expr.kind === "aggregate") return expr.op === "count" || expr.op === "group";
  return expr.kind === "call" && presenceCalls.has(expr.name);
}

/** `columns` are those of buckets that answer as samples do; undefined where no buckets do. */
function fetchOf(
  context: EvalContext,
  selector: SelectorExpr,
  grid: Grid,
  backMs: number,
  columns: readonly BucketColumn[] | undefined,
): Fetch {
  const firstMs = shiftedTime(context, selector, grid.startMs);
  const stepMs = selector.at === undefined ? grid.stepMs : 0;
  const tiers =
    columns === undefined
      ? samplesOnly
      : { columns, alignedMs: commonDivisor(commonDivisor(firstMs, stepMs), backMs) };
  const endMs = shiftedTime(context, selector, gridEnd(grid));
  return { selector, startMs: firstMs - backMs + 1, endMs, tiers };
}

/** What edges are found from: samples before the range, and for smoothed ones as far after it. */
function reachingFetch(
  context: EvalContext,
  selector: SelectorExpr,
  grid: Grid,
  backMs: number,
  { starts }: Use,
): Fetch {
  const fetch = fetchOf(context, selector, grid, backMs, undefined);
  const afterMs = selector.edges === "smoothed" ? context.lookbackMs : 0;
  return { ...fetch, endMs: fetch.endMs + afterMs, ...(starts ? { starts } : {}) };
}

const samplesOnly: TierWish = { columns: [], alignedMs: 0 };

/** What divides both, whole milliseconds; 0 divides nothing. */
function commonDivisor(a: number, b: number): number {
  if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b)) return 1;
  let [greater, smaller] = [Math.abs(a), Math.abs(b)];
  while (smaller > 0) [greater, smaller] = [smaller, greater % smaller];
  return greater;
}

/** The same selector twice is fetched once, with what both need. */
export function sharedWish(a: TierWish, b: TierWish): TierWish {
  const columns = [...new Set([...a.columns, ...b.columns])];
  const isEither = a.alignedMs === 0 || b.alignedMs === 0;
  return { columns, alignedMs: isEither ? 0 : commonDivisor(a.alignedMs, b.alignedMs) };
}

const countsAlone: ReadonlySet<string> = new Set([
  "histogram_count",
  "histogram_sum",
  "histogram_avg",
]);
const wholeHistograms: ReadonlySet<string> = new Set([
  "histogram_stddev",
  "histogram_stdvar",
  "histogram_quantile",
  "histogram_quantiles",
  "histogram_fraction",
]);

/**
 * Selectors of whose histograms only count, sum or average are used. For these Prometheus finds counter resets from sample
 * to sample, and so can warn of aggregations that mix samples before and after one.
 */
export function resetSelectors(
  expr: Expr,
  inCounts = false,
  found = new Set<SelectorExpr>(),
): Set<SelectorExpr> {
  if (expr.kind === "selector" && inCounts) found.add(expr);
  if (expr.kind === "subquery") return found;
  if (expr.kind === "binary" && (expr.op === "</" || expr.op === ">/")) return found;
  if (expr.kind === "call" && wholeHistograms.has(expr.name)) return found;
  const counts = inCounts || (expr.kind === "call" && countsAlone.has(expr.name));
  for (const child of childrenOf(expr)) resetSelectors(child, counts, found);
  return found;
}

/** The steps at which a subquery's inside is evaluated: multiples of its step, over all windows of the outer grid. */
export function subqueryGrid(context: EvalContext, expr: SubqueryExpr, grid: Grid): Grid {
  const stepMs =
    expr.step === undefined ? context.defaultSubqueryStepMs : durationMs(context, expr.step, false);
  if (stepMs < 1) throw executionError("subquery step must be at least a millisecond");
  const fromMs = shiftedTime(context, expr, grid.startMs) - durationMs(context, expr.range, false);
  const toMs = shiftedTime(context, expr, gridEnd(grid));
  const startMs = Math.floor(fromMs / stepMs) * stepMs + stepMs;
  const count = Math.max(0, Math.floor((toMs - startMs) / stepMs) + 1);
  if (count > subqueryStepsMax) {
    throw executionError(`subquery of ${count} steps, at most ${subqueryStepsMax} are evaluated`, {
      limit: "subquery_steps",
    });
  }
  return { startMs, stepMs, count };
}
