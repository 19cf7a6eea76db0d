import { currentShare } from "../../../read/memory/query_memory.ts";
import { type AggregateExpr, type BinaryExpr } from "#shared/query_language/promql/ast.ts";
import { aggregate } from "../../promql/evaluation/aggregate.ts";
import { selectSeries } from "../../promql/evaluation/aggregate_select.ts";
import { newAnnotations } from "../../promql/model/annotations.ts";
import { arithmetic, comparison } from "../../promql/model/arithmetic.ts";
import { vectorScalar, vectorVector } from "../../promql/evaluation/binary.ts";
import type { EvalContext } from "../../promql/model/context.ts";
import { setOperation } from "../../promql/evaluation/set_ops.ts";
import { type StepSeries, newSeries } from "../../promql/model/values.ts";
import { sortByValue } from "../../promql/model/sort_series.ts";
import { labelReplace } from "../../promql/functions/vector_functions.ts";
import type {
  BinaryOp,
  MetricQuery,
  VectorMatching,
  VectorOp,
} from "#shared/query_language/logql/ast.ts";
import { LogqlError } from "#shared/query_language/logql/errors.ts";
import type { LogScope, Pace } from "../limits.ts";
import { evaluateRange } from "./range.ts";
import { variantLabel, variantQueries } from "./variants.ts";

/** Cells of series in memory at once, above the range aggregations. */
const samplesMax = 50_000_000;
const nowhere = { start: 0, end: 0 } as const;
const zero = { kind: "number", value: 0, isDuration: false, span: nowhere } as const;

/** What PromQL's evaluator of columns wants to know, for a query of logs: it has no metric names, no histograms, no look-back. */
export function vectorContext(steps: Float64Array, scope: LogScope, pace: Pace): EvalContext {
  return {
    query: "",
    startMs: steps[0] ?? 0,
    endMs: steps.at(-1) ?? 0,
    stepMs: steps.length > 1 ? (steps[1] ?? 0) - (steps[0] ?? 0) : 0,
    lookbackMs: 0,
    delayedNameRemoval: false,
    defaultSubqueryStepMs: 0,
    notes: newAnnotations(""),
    fetched: new Map(),
    useStartTimestamps: false,
    refusesUnmatchedDuplicates: true,
    resetSelectors: new Set(),
    budget: {
      samplesMax,
      deadlineMs: pace.deadlineMs,
      monotonic: () => performance.now(),
      signal: scope.signal,
      memory: currentShare(),
      samples: 0,
      peakSamples: 0,
    },
  };
}

export type Evaluation = {
  readonly context: EvalContext;
  readonly steps: Float64Array;
  readonly scope: LogScope;
  readonly pace: Pace;
};

/** A number, or series over the steps: what is above the range aggregations is PromQL's own code. */
export async function evaluateTree(
  query: MetricQuery,
  run: Evaluation,
): Promise<readonly StepSeries[] | number> {
  switch (query.kind) {
    case "number":
      return query.value;
    case "vector": {
      const series = newSeries({}, run.steps.length);
      series.values.fill(query.value);
      series.present.fill(1);
      return [series];
    }
    case "range":
      return evaluateRange(query, run.steps, run.scope, run.pace);
    case "aggregate":
      return evaluateAggregate(query, run);
    case "label_replace": {
      const of = await seriesOf(query.of, run, "label_replace");
      const { target, replacement, source, regex } = query;
      return labelReplace(run.context, of, [target, replacement, source, regex]);
    }
    case "binary":
      return evaluateBinary(query, run);
    case "variants": {
      const found: StepSeries[] = [];
      for (const [i, variant] of variantQueries(query).entries())
        for (const series of await seriesOf(variant, run, "variants"))
          found.push({ ...series, labels: { ...series.labels, [variantLabel]: String(i) } });
      return found;
    }
  }
}

async function seriesOf(
  query: MetricQuery,
  run: Evaluation,
  what: string,
): Promise<readonly StepSeries[]> {
  const value = await evaluateTree(query, run);
  if (typeof value !== "number") return value;
  throw new LogqlError(`${what} needs a vector, not a number`);
}

type Aggregate = Extract<MetricQuery, { kind: "aggregate" }>;

async function evaluateAggregate(
  query: Aggregate,
  run: Evaluation,
): Promise<readonly StepSeries[]> {
  const { context, steps } = run;
  const { op, param, grouping } = query;
  const grouped = groupedEarly(query);
  if (grouped !== undefined) return evaluateRange(grouped, steps, run.scope, run.pace);
  const series = await seriesOf(query.of, run, op);
  if (op === "sort" || op === "sort_desc")
    return sortByValue(context.budget, series, op === "sort" ? 1 : -1);
  const isRanked = op === "topk" || op === "bottomk" || op === "approx_topk";
  const expr: AggregateExpr = {
    kind: "aggregate",
    op: op === "approx_topk" ? "topk" : op,
    expr: zero,
    grouping: grouping?.names ?? [],
    without: grouping?.without ?? false,
    span: nowhere,
  };
  const params = new Float64Array(steps.length).fill(param ?? 0);
  if (isRanked) return selectSeries(context, expr, series, params, steps.length);
  return aggregate(context, expr, series, params, steps.length);
}

/** Functions whose values of parts add up to those of the whole. */
const additive: ReadonlySet<string> = new Set([
  "count_over_time",
  "rate",
  "bytes_over_time",
  "bytes_rate",
  "sum_over_time",
]);
const same: Readonly<Partial<Record<VectorOp, string>>> = {
  min: "min_over_time",
  max: "max_over_time",
};

/**
 * `sum by (level) (count_over_time(...))`: records are put together by the labels of the sum at once, so that there is no series for
 * each set of labels that lines have, and parsers look for those labels alone.
 */
function groupedEarly({ op, of, grouping }: Aggregate) {
  if (of.kind !== "range" || of.grouping !== undefined) return undefined;
  const adds = op === "sum" && additive.has(of.op);
  if (!adds && same[op] !== of.op) return undefined;
  return { ...of, grouping: grouping ?? { without: false, names: [] } };
}

type Binary = Extract<MetricQuery, { kind: "binary" }>;

async function evaluateBinary(
  query: Binary,
  run: Evaluation,
): Promise<readonly StepSeries[] | number> {
  const { context, steps } = run;
  const { op, bool, matching } = query;
  const left = await evaluateTree(query.left, run);
  const right = guardDivisor(op, await evaluateTree(query.right, run));
  if (typeof left === "number" && typeof right === "number") return fold(op, left, right);
  const expr = binaryExpr(op, bool, matching);
  if (typeof left === "number" || typeof right === "number") {
    const scalar = new Float64Array(steps.length).fill(
      typeof left === "number" ? left : Number(right),
    );
    const series = typeof left === "number" ? right : left;
    if (typeof series === "number") return series;
    return vectorScalar(context, expr, series, scalar, typeof left === "number");
  }
  if (op === "and" || op === "or" || op === "unless")
    return setOperation(context, expr, left, right, steps.length);
  return vectorVector(context, expr, left, right, steps.length);
}

function binaryExpr(op: BinaryOp, bool: boolean, matching: VectorMatching): BinaryExpr {
  return {
    kind: "binary",
    op,
    lhs: zero,
    rhs: zero,
    bool,
    matching,
    opSpan: nowhere,
    span: nowhere,
  };
}

/** Loki divides by zero to NaN, where Prometheus has an infinity. */
function guardDivisor(
  op: BinaryOp,
  right: readonly StepSeries[] | number,
): readonly StepSeries[] | number {
  if (op !== "/" && op !== "%") return right;
  if (typeof right === "number") return right === 0 ? Number.NaN : right;
  return right.map((series) =>
    series.values.includes(0)
      ? { ...series, values: series.values.map((value) => (value === 0 ? Number.NaN : value)) }
      : series,
  );
}

/** Two numbers; a comparison of them is 1 or 0. */
function fold(op: BinaryOp, left: number, right: number): number {
  if (op === "and" || op === "or" || op === "unless") return Number.NaN;
  const compares = isComparison(op) ? comparison[op] : undefined;
  if (compares !== undefined) return compares(left, right) ? 1 : 0;
  return isComparison(op) ? Number.NaN : arithmetic[op](left, right);
}

function isComparison(op: BinaryOp): op is "==" | "!=" | "<" | ">" | "<=" | ">=" {
  return op in comparison;
}
