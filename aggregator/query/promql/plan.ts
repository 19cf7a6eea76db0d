import type { Expr, SelectorExpr, SubqueryExpr } from "./ast.ts";
import { type EvalContext, childrenOf, durationMs, shiftedTime } from "./context.ts";
import { executionError } from "./errors.ts";
import type { Windows } from "../source.ts";
import { type Grid, gridEnd } from "./values.ts";

/** What one selector needs from the store; both ends inclusive. */
export type Fetch = {
  readonly selector: SelectorExpr;
  readonly startMs: number;
  readonly endMs: number;
  /** Of an instant selector: only the newest sample of each look-back counts. */
  readonly newest?: Windows;
  /** Only whether there is a sample counts. */
  readonly presence?: boolean;
};

/** Steps of a subquery beyond this are refused: each is an evaluation of everything inside. */
const subqueryStepsMax = 1_000_000;

/** Every selector of the query with the time that it will read: windows are left-open, so the first millisecond is not. */
export function planFetches(
  context: EvalContext,
  expr: Expr,
  grid: Grid,
  presence = false,
): Fetch[] {
  if (expr.kind === "selector") {
    const fetch = fetchOf(context, expr, grid, context.lookbackMs);
    // Resets are found between neighbours, so all samples are wanted.
    if (context.resetSelectors.has(expr)) return [fetch];
    const newest = {
      firstEndMs: shiftedTime(context, expr, grid.startMs),
      stepMs: expr.at === undefined ? grid.stepMs : 0,
      count: grid.count,
      lengthMs: context.lookbackMs,
    };
    return [{ ...fetch, newest, ...(presence ? { presence } : {}) }];
  }
  if (expr.kind === "matrix") {
    const fetch = fetchOf(context, expr.selector, grid, durationMs(context, expr.range, false));
    return [presence ? { ...fetch, presence } : fetch];
  }
  const inner = expr.kind === "subquery" ? subqueryGrid(context, expr, grid) : grid;
  if (inner.count === 0) return [];
  const looksAway = expr.kind === "paren" ? presence : ignoresValues(expr);
  return childrenOf(expr).flatMap((child) => planFetches(context, child, inner, looksAway));
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

function fetchOf(context: EvalContext, selector: SelectorExpr, grid: Grid, backMs: number): Fetch {
  const startMs = shiftedTime(context, selector, grid.startMs) - backMs + 1;
  return { selector, startMs, endMs: shiftedTime(context, selector, gridEnd(grid)) };
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
    throw executionError(`subquery of ${count} steps, at most ${subqueryStepsMax} are evaluated`);
  }
  return { startMs, stepMs, count };
}
