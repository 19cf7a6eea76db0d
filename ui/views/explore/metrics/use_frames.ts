import {
  keepPreviousData,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from "@tanstack/react-query";
import { useEffect, useRef, useState, type RefObject } from "react";
import { type InspectedAnswer, inspectQuery } from "../../../frames/inspect_query.ts";
import { fillVariables } from "../../../promql/variables.ts";
import { usePageRange } from "../../../state/page_range.ts";
import { intervalOf } from "../../../queries/query_client.ts";
import { stepOf } from "../../../state/time_range.ts";
import { scrapeMsOf } from "../scrape_interval.ts";
import { windowNow } from "../search_hooks.ts";

/** A page of many small charts is asked anew no more often. */
const intervalMinMs = 15_000;

/** The answer of one small chart, asked only while it is in view. */
export function useFrames(
  expr: string,
  pointsMax: number,
  isInView = true,
): UseQueryResult<InspectedAnswer> {
  const { range, intervalMs } = usePageRange();
  const cache = useQueryClient();
  return useQuery({
    queryKey: ["metric_frames", expr, pointsMax, range],
    queryFn: async ({ signal }) => {
      const window = windowNow(range);
      const stepMs = stepOf(window, pointsMax);
      const rangeMs = window.endMs - window.startMs;
      const scrapeMs = await scrapeMsOf(cache, expr, window);
      const filled = fillVariables(expr, { stepMs, rangeMs, scrapeMs });
      return inspectQuery(
        {
          ref: "A",
          expr: filled,
          instant: false,
          format: "time_series",
          legend: undefined,
          window,
          stepMs,
        },
        signal,
      );
    },
    placeholderData: keepPreviousData,
    refetchInterval: intervalOf(intervalMs === 0 ? 0 : Math.max(intervalMinMs, intervalMs)),
    structuralSharing: false,
    enabled: isInView && expr !== "",
  });
}

/** Whether an element is on the screen, or nearly. */
export function useInView(): {
  readonly place: RefObject<HTMLElement | null>;
  readonly isInView: boolean;
} {
  const place = useRef<HTMLElement>(null);
  const [isInView, setIsInView] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const observer = new IntersectionObserver(
      (entries) => setIsInView(entries.at(-1)?.isIntersecting ?? false),
      { rootMargin: "200px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { place, isInView };
}
