import { OperatingError, messageOf } from "#shared/errors.ts";
import { columnWeight } from "#shared/model/histogram.ts";
import type {
  MetricsSource,
  Selection,
  SelectRequest,
  SeriesSamples,
  TierWish,
} from "../../../read/source.ts";
import { QueryMemoryError } from "../../../read/memory/memory_error.ts";
import type { MissingBlocks } from "../../../read/missing_blocks.ts";
import { ReadTrace } from "../../../read/read_trace.ts";
import type { Expr, SelectorExpr } from "#shared/query_language/promql/ast.ts";
import { type EvalContext, breathe, spend } from "../model/context.ts";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { type Fetch, planFetches, sharedWish } from "./plan.ts";
import type { Grid } from "../model/values.ts";

export type FetchFrom = {
  readonly source: MetricsSource;
  readonly tenant: string;
  /** Series that one query may read. */
  readonly seriesMax: number;
  readonly timeoutMs: number;
  /** Of the client, who may go. */
  readonly signal: AbortSignal | undefined;
  /** Takes notes of what each selector reads. */
  readonly traces: ReadTrace[] | undefined;
  /** Collects the blocks that are left out. */
  readonly missing: MissingBlocks;
};

/**
 * Fetches every selector into `fetched`, the same one once, before anything is evaluated. All see the head and the blocks of one moment. They are read one after
 * another, each with what is left of the query's samples, so that many selectors take no more memory than one.
 */
export async function fetchAll(
  from: FetchFrom,
  context: EvalContext,
  expr: Expr,
  grid: Grid,
  fetched: Map<SelectorExpr, readonly SeriesSamples[]>,
): Promise<void> {
  const { budget } = context;
  await breathe(budget);
  const timeout = AbortSignal.timeout(from.timeoutMs);
  const signal = from.signal === undefined ? timeout : AbortSignal.any([from.signal, timeout]);
  const fetches = planFetches(context, expr, grid);
  let series = 0;
  try {
    const begun = beginAll(from, context, fetches, signal);
    let held = heldBy(begun.values());
    const answers = new Map<string, readonly SeriesSamples[]>();
    for (const [key, { selection, trace }] of begun) {
      held -= selection.heldSamples;
      const beganMs = budget.monotonic();
      // Beginning and reading each take tens of milliseconds where there are many series.
      await breathe(budget);
      const answer = await selection.read(left(budget, held));
      await breathe(budget);
      if (trace !== undefined) {
        trace.milliseconds = budget.monotonic() - beganMs;
        trace.series = answer.length;
        trace.samples = answer.reduce((sum, { values }) => sum + values.length, 0);
        from.traces?.push(trace);
      }
      answers.set(key, answer);
      series += answer.length;
      if (series > from.seriesMax) throw tooManySeries(series, from.seriesMax);
      spend(budget, weightOf(answer));
    }
    for (const fetch of fetches) fetched.set(fetch.selector, answers.get(keyOf(fetch)) ?? []);
  } catch (cause) {
    throw fetchError(cause, from.signal, timeout);
  }
}

type Begun = { readonly selection: Selection; readonly trace: ReadTrace | undefined };

/** Begins each fetch once, all in one tick. */
function beginAll(
  { source, tenant, traces, missing }: FetchFrom,
  { budget }: EvalContext,
  fetches: readonly Fetch[],
  signal: AbortSignal,
): Map<string, Begun> {
  const withValues = new Set(fetches.filter(({ presence }) => presence !== true).map(keyOf));
  const withStarts = new Set(fetches.filter(({ starts }) => starts === true).map(keyOf));
  const wishes = wishesOf(fetches);
  const begun = new Map<string, Begun>();
  for (const fetch of fetches) {
    const key = keyOf(fetch);
    if (begun.has(key)) continue;
    const { selector, startMs, endMs, newest } = fetch;
    const { matchers } = selector;
    const trace = traces && new ReadTrace(matchers, startMs, endMs);
    const request = {
      tenant,
      matchers,
      startMs,
      endMs,
      samplesMax: left(budget, heldBy(begun.values())),
      signal,
      missing,
      tiers: wishes.get(key) ?? fetch.tiers,
      ...(newest === undefined ? {} : { newest }),
      ...(withValues.has(key) ? {} : { presence: true }),
      ...(withStarts.has(key) ? { withStarts: true } : {}),
      ...(trace === undefined ? {} : { trace }),
    };
    begun.set(key, { selection: begin(source, request), trace });
  }
  return begun;
}

function begin(source: MetricsSource, request: SelectRequest): Selection {
  const read = (samplesMax: number) => source.select({ ...request, samplesMax });
  return source.begin?.(request) ?? { heldSamples: 0, read };
}

function heldBy(begun: Iterable<Begun>): number {
  let held = 0;
  for (const { selection } of begun) held += selection.heldSamples;
  return held;
}

function weightOf(answer: readonly SeriesSamples[]): number {
  let weight = 0;
  for (const { values, histograms } of answer) weight += columnWeight(values.length, histograms);
  return weight;
}

/** What a query may still read, beside `held` samples that it has not counted yet. */
function left(budget: EvalContext["budget"], held: number): number {
  return Math.max(0, budget.samplesMax - budget.samples - held);
}

function keyOf({ selector, startMs, endMs, newest }: Fetch): string {
  return JSON.stringify([selector.matchers, startMs, endMs, newest]);
}

/** What all that share a fetch need of buckets. */
function wishesOf(fetches: readonly Fetch[]): Map<string, TierWish> {
  const wishes = new Map<string, TierWish>();
  for (const fetch of fetches) {
    const wish = wishes.get(keyOf(fetch));
    wishes.set(keyOf(fetch), wish === undefined ? fetch.tiers : sharedWish(wish, fetch.tiers));
  }
  return wishes;
}

function tooManySeries(count: number, max: number): PromqlError {
  const text = `query reads ${count} series, at most ${max} are allowed (query.promql.series_max)`;
  return new PromqlError("execution", text, { limit: "series" });
}

function fetchError(
  cause: unknown,
  asked: AbortSignal | undefined,
  timeout: AbortSignal,
): PromqlError | QueryMemoryError {
  if (cause instanceof PromqlError || cause instanceof QueryMemoryError) return cause;
  if (asked?.aborted === true)
    return new PromqlError("canceled", "query was canceled in expression evaluation", { cause });
  if (timeout.aborted)
    return new PromqlError("timeout", "query timed out in expression evaluation", { cause });
  if (cause instanceof OperatingError && cause.code === "bad_request")
    return new PromqlError("bad_data", cause.message, { cause });
  if (cause instanceof OperatingError && cause.code === "overloaded") {
    const text = "query processing would load too many samples into memory in query execution";
    return new PromqlError("execution", text, { cause, limit: cause.limit ?? "samples" });
  }
  return new PromqlError("internal", `expanding series: ${messageOf(cause)}`, { cause });
}
