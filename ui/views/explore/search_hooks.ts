import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import {
  type Found,
  type FoundMetric,
  searchLabelNames,
  searchLabelValues,
  searchMetrics,
} from "../../client/search.ts";
import { selectorText, type Matcher } from "../../promql/expr.ts";
import { usePageRange } from "../../state/page_range.ts";
import type { TimeRange } from "../../state/time_range.ts";
import { defaultRange, type Window, windowOf } from "../../state/time_range.ts";

const offeredMax = 200;
const freshMs = 30_000;

/** The page's range at this moment. */
export function windowNow(range: TimeRange): Window {
  const nowMs = Date.now();
  const window = windowOf(range, nowMs) ?? windowOf(defaultRange, nowMs);
  return window ?? { startMs: nowMs - 900_000, endMs: nowMs };
}

/**
 * What a search is narrowed to; nothing where nothing is said. Conditions without a value are not written yet, and one that only
 * excludes needs another that selects: the aggregator refuses a selector that could be empty.
 */
export function searchMatch(metric: string, matchers: readonly Matcher[]): readonly string[] {
  const whole = matchers.filter(({ value }) => value !== "");
  if (metric !== "") return [selectorText(metric, whole)];
  if (whole.length === 0) return [];
  return [selectorText("", [{ label: "__name__", op: "!=", value: "" }, ...whole])];
}

/** Metrics with samples in the page's range whose names have the letters of `text`. */
export function useMetricSearch(
  text: string,
  match: readonly string[],
  limit: number = offeredMax,
): UseQueryResult<Found<FoundMetric>> {
  const { range } = usePageRange();
  return useQuery({
    queryKey: ["metric_search", text, match, limit, range],
    queryFn: ({ signal }) =>
      searchMetrics({ text, match, limit, window: windowNow(range), signal }),
    placeholderData: keepPreviousData,
    staleTime: freshMs,
  });
}

export function useLabelNames(
  match: readonly string[],
  isAsked = true,
): UseQueryResult<Found<string>> {
  const { range } = usePageRange();
  return useQuery({
    queryKey: ["label_names", match, range],
    queryFn: ({ signal }) =>
      searchLabelNames({ text: "", match, limit: offeredMax, window: windowNow(range), signal }),
    staleTime: freshMs,
    enabled: isAsked,
  });
}

/** Values of a label among the series that match, searched by `text`. */
export function useLabelValues(
  label: string,
  match: readonly string[],
  text = "",
): UseQueryResult<Found<string>> {
  const { range } = usePageRange();
  return useQuery({
    queryKey: ["label_values", label, match, text, range],
    queryFn: ({ signal }) =>
      searchLabelValues(label, {
        text,
        match,
        limit: offeredMax,
        window: windowNow(range),
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: freshMs,
    enabled: label !== "",
  });
}
