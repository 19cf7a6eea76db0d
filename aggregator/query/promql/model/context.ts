import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { QueryShare } from "../../../read/memory/query_memory.ts";
import type { SeriesSamples } from "../../../read/source.ts";
import type { Annotations } from "./annotations.ts";
import type {
  DurationExpr,
  Expr,
  SelectorExpr,
  TimeShift,
} from "#shared/query_language/promql/ast.ts";
import { PromqlError, type Span, executionError } from "#shared/query_language/promql/errors.ts";
import type { SampleCounts } from "./sample_counts.ts";
import { dropMetadata } from "./values.ts";

/** Everything an evaluation shares: bounds, fetched series, limits, notes. */
export type EvalContext = {
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0 in an instant query. */
  readonly stepMs: number;
  readonly lookbackMs: number;
  readonly delayedNameRemoval: boolean;
  readonly useStartTimestamps: boolean;
  /** Whether two series of one match group are an error at steps where the other side is empty, as in Loki and not in Prometheus. */
  readonly refusesUnmatchedDuplicates: boolean;
  readonly defaultSubqueryStepMs: number;
  readonly notes: Annotations;
  readonly fetched: ReadonlyMap<SelectorExpr, readonly SeriesSamples[]>;
  /** Selectors whose histograms get their hints about counter resets from the samples before them. */
  readonly resetSelectors: ReadonlySet<SelectorExpr>;
  /** Where what is looked at is counted; undefined when nobody asked. */
  readonly counts?: SampleCounts | undefined;
  readonly budget: Budget;
};

/** Samples and time that a query may use up. */
export type Budget = {
  readonly samplesMax: number;
  readonly deadlineMs: number;
  readonly monotonic: () => number;
  readonly signal: AbortSignal | undefined;
  /** Where samples count as memory. */
  readonly memory: QueryShare | undefined;
  samples: number;
  peakSamples: number;
};

/** Time and value. */
const sampleBytes = 16;

/** Counts samples in memory; throws when there are too many. */
export function spend(budget: Budget, samples: number): void {
  budget.samples += samples;
  budget.memory?.hold(samples * sampleBytes);
  budget.peakSamples = Math.max(budget.peakSamples, budget.samples);
  if (budget.samples > budget.samplesMax) {
    throw executionError(
      "query processing would load too many samples into memory in query execution",
      { limit: "samples" },
    );
  }
}

/** To be called between pieces of work: stops a query that is cancelled or late, and lets others run. */
export async function breathe(budget: Budget): Promise<void> {
  if (isTurnOver()) {
    await nextTurn();
    await budget.memory?.room();
  }
  if (budget.signal?.aborted === true) {
    throw new PromqlError("canceled", "query was canceled in expression evaluation");
  }
  if (budget.monotonic() >= budget.deadlineMs)
    throw new PromqlError("timeout", "query timed out in expression evaluation");
}

/** Labels and flag of a result whose values no longer mean what the metric's name says. */
export function renamed(
  context: EvalContext,
  labels: Labels,
): { readonly labels: Labels; readonly dropName: boolean } {
  if (context.delayedNameRemoval) return { labels, dropName: true };
  return { labels: dropMetadata(labels), dropName: false };
}

/** Milliseconds of a duration, with step() and range() known. Throws where it is not a usable one. */
export function durationMs(
  context: EvalContext,
  duration: DurationExpr,
  mayBeNegative: boolean,
): number {
  const seconds = durationSeconds(context, duration);
  const fail = (what: string): PromqlError => durationError(context, duration, what);
  if (!Number.isFinite(seconds)) throw fail("duration is NaN or infinite");
  if (seconds <= 0 && !mayBeNegative) throw fail("duration must be greater than 0");
  if (Math.abs(seconds) > 2 ** 63 / 1e9) throw fail("duration is out of range");
  return duration.kind === "seconds" ? Math.round(seconds * 1_000) : Math.trunc(seconds * 1_000);
}

/** Shown of as Prometheus does, before anything is evaluated, with the first and last byte of the computation. */
function durationError({ query }: EvalContext, duration: DurationExpr, what: string): PromqlError {
  const { start, end } = computationSpan(duration);
  const bytes = (offset: number): number => Buffer.byteLength(query.slice(0, offset));
  return new PromqlError("bad_data", `${bytes(start)}:${bytes(end)}: ${what}`);
}

/** Parentheses and the name of a function around a computation are not part of it. */
function computationSpan(duration: DurationExpr): Span {
  switch (duration.kind) {
    case "seconds":
    case "step":
    case "range":
      return duration.span;
    case "negate":
      return { start: duration.span.start, end: computationSpan(duration.expr).end };
    case "group": {
      const inner = computationSpan(duration.expr);
      return duration.expr.kind === "seconds"
        ? { start: duration.span.start, end: inner.end }
        : inner;
    }
    case "compute":
      return {
        start: computationSpan(duration.lhs).start,
        end: computationSpan(duration.rhs).end,
      };
  }
}

function durationSeconds(context: EvalContext, duration: DurationExpr): number {
  switch (duration.kind) {
    case "seconds":
      return duration.value;
    case "step":
      return context.stepMs / 1_000;
    case "range":
      return (context.endMs - context.startMs) / 1_000;
    case "negate":
      return -durationSeconds(context, duration.expr);
    case "group":
      return durationSeconds(context, duration.expr);
    case "compute":
      break;
  }
  const lhs = durationSeconds(context, duration.lhs);
  const rhs = durationSeconds(context, duration.rhs);
  const zero = (what: string): PromqlError => durationError(context, duration, `${what} by zero`);
  switch (duration.op) {
    case "+":
      return lhs + rhs;
    case "-":
      return lhs - rhs;
    case "*":
      return lhs * rhs;
    case "/":
      if (rhs === 0) throw zero("division");
      return lhs / rhs;
    case "%":
      if (rhs === 0) throw zero("modulo");
      return lhs % rhs;
    case "^":
      return lhs ** rhs;
    case "min_of":
      return Math.min(lhs, rhs);
    case "max_of":
      return Math.max(lhs, rhs);
  }
}

/** Where a selector or subquery looks at a step of `timeMs`: `@` first, then `offset`. */
export function shiftedTime(context: EvalContext, shift: TimeShift, timeMs: number): number {
  const offsetMs = shift.offset === undefined ? 0 : durationMs(context, shift.offset, true);
  if (shift.at === undefined) return timeMs - offsetMs;
  if (shift.at === "start") return context.startMs - offsetMs;
  if (shift.at === "end") return context.endMs - offsetMs;
  return shift.at - offsetMs;
}

/** The children of a node, in the order they are written. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "number":
    case "string":
    case "selector":
      return [];
    case "matrix":
      return [expr.selector];
    case "paren":
    case "unary":
    case "subquery":
      return [expr.expr];
    case "binary":
      return [expr.lhs, expr.rhs];
    case "call":
      return expr.info === undefined ? expr.args : [...expr.args.slice(0, 1), expr.info];
    case "aggregate":
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr];
  }
}
