import { type QueryClient, useQueries, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { assert } from "#shared/assert.ts";
import { OperatingError } from "#shared/errors.ts";
import { parseDuration } from "#shared/text/duration.ts";
import { type InspectedAnswer, inspectQuery } from "../../frames/inspect_query.ts";
import { fillFormula } from "../../promql/formula.ts";
import { fillVariables } from "../../promql/variables.ts";
import type { PageRange } from "../../state/page_range.ts";
import { rememberQuery } from "../../state/query_history.ts";
import { defaultRange, stepOf, windowOf } from "../../state/time_range.ts";
import type { ExploreQuery, View } from "./explore_search.ts";
import { scrapeMsOf } from "./scrape_interval.ts";

/** Points of a line at most; more would lie on one another. */
const pointsMax = 500;
const retryMs = 5_000;
/** A refresh comes no sooner than this many times as long as the last answer took: a slow query is not asked without end. */
const restFactor = 4;

/** One question to the aggregator, and how it stands. */
export type Answer = {
  readonly ref: string;
  readonly instant: boolean;
  /** The last good one, also while another is on its way or failed. */
  readonly good: InspectedAnswer | undefined;
  readonly error: unknown;
  readonly isRunning: boolean;
};

type Question = {
  readonly query: ExploreQuery;
  readonly instant: boolean;
  readonly heatmap: boolean;
  /** With its formulas filled in; undefined where that failed. */
  readonly expr: string | undefined;
  readonly fault: string | undefined;
};

/** The answers to all queries that are shown, asked again with the page's refresh. */
export function useAnswers(
  queries: readonly ExploreQuery[],
  view: View,
  { range, intervalMs }: PageRange,
): { readonly answers: readonly Answer[]; readonly cancel: () => void } {
  const client = useQueryClient();
  const questions = useMemo(() => questionsOf(queries, view), [queries, view]);
  const lastGood = useRef(new Map<string, InspectedAnswer>());
  const results = useQueries({
    queries: questions.map((question) => ({
      queryKey: ["explore", keyOf(question), question.query.legend, range],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        ask(client, question, range, signal),
      refetchInterval: (query: Refreshed) => pauseOf(query, intervalMs),
      refetchOnWindowFocus: false,
      // Columns are typed arrays: comparing them value by value would cost more than drawing them.
      structuralSharing: false,
    })),
  });
  const answers = questions.map((question, i): Answer => {
    const result = results[i];
    const place = `${question.query.ref} ${question.instant}`;
    if (result?.data !== undefined) lastGood.current.set(place, result.data);
    return {
      ref: question.query.ref,
      instant: question.instant,
      good: result?.data ?? lastGood.current.get(place),
      error: result?.error ?? undefined,
      isRunning: result?.isFetching ?? false,
    };
  });
  return { answers, cancel: () => void client.cancelQueries({ queryKey: ["explore"] }) };
}

/** Keeps in the history what was run, once for each text. */
export function useHistory(queries: readonly ExploreQuery[]): void {
  const texts = queries.map(({ expr }) => expr).join("\u0000");
  useEffect(() => {
    for (const expr of texts.split("\u0000").toReversed())
      rememberQuery("promql", expr, Date.now());
  }, [texts]);
}

function questionsOf(queries: readonly ExploreQuery[], view: View): Question[] {
  return queries
    .filter(({ expr, hidden }) => !hidden && expr.trim() !== "")
    .flatMap((query) => {
      const filled = fillFormula(
        query.expr,
        queries.filter(({ ref }) => ref !== query.ref || !isWord(query.expr, ref)),
      );
      const question = { query, expr: filled.expr, fault: filled.error };
      const range = { ...question, instant: false, heatmap: view === "heatmap" };
      const instant = { ...question, instant: true, heatmap: false };
      if (query.type === "both") return [range, instant];
      return [query.type === "instant" ? instant : range];
    });
}

/** A metric may have the name of its own query. */
function isWord(expr: string, ref: string): boolean {
  return expr.trim() === ref;
}

function keyOf({ query, instant, heatmap, expr, fault }: Question): readonly unknown[] {
  return [query.ref, instant, heatmap, expr ?? fault, query.step];
}

type Range = PageRange["range"];

async function ask(
  cache: QueryClient,
  { query, instant, heatmap, expr, fault }: Question,
  range: Range,
  signal: AbortSignal,
): Promise<InspectedAnswer> {
  if (expr === undefined) {
    throw new OperatingError("bad_request", `${query.ref} can't be computed: ${fault}`);
  }
  const nowMs = Date.now();
  const window = windowOf(range, nowMs) ?? windowOf(defaultRange, nowMs);
  assert(window !== undefined, "the default range is a range");
  const stepMs = Math.max(stepOf(window, pointsMax), parseDuration(query.step) ?? 0);
  const rangeMs = window.endMs - window.startMs;
  const scrapeMs = await scrapeMsOf(cache, expr, window);
  const question = {
    ref: query.ref,
    expr: fillVariables(expr, { stepMs, rangeMs, scrapeMs }),
    instant,
    format: instant
      ? ("table" as const)
      : heatmap
        ? ("heatmap" as const)
        : ("time_series" as const),
    legend: query.legend === "" ? undefined : query.legend,
    window,
    stepMs,
  };
  return inspectQuery(question, signal);
}

type Refreshed = {
  readonly state: {
    readonly status: string;
    readonly error: unknown;
    readonly data: InspectedAnswer | undefined;
  };
};

/** Milliseconds to the next try. What is wrong with the query itself no retry will mend. */
function pauseOf({ state }: Refreshed, everyMs: number): number | false {
  const { error, status, data } = state;
  if (status === "error") {
    return error instanceof OperatingError && error.code === "bad_request" ? false : retryMs;
  }
  return everyMs > 0 ? Math.max(everyMs, restFactor * (data?.elapsedMs ?? 0)) : false;
}
