import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { type FiringPeriod, listFiringPeriods } from "../client/alerts/alert_periods.ts";
import { aligned, stepOf, type Window } from "../state/time_range.ts";

/** Windows of charts move with each refresh: theirs are the same question for so long. */
const quantumMs = 30_000;
const points = 500;

/** When alerts fired within a window, asked once for all charts of a page; nothing is asked without a window. */
export function useFiringPeriods(
  window: Window | undefined,
): UseQueryResult<readonly FiringPeriod[]> {
  const startMs = Math.floor((window?.startMs ?? 0) / quantumMs) * quantumMs;
  const endMs = Math.ceil((window?.endMs ?? 0) / quantumMs) * quantumMs;
  return useQuery({
    queryKey: ["firing_periods", startMs, endMs],
    queryFn: ({ signal }) => {
      const stepMs = stepOf({ startMs, endMs }, points);
      return listFiringPeriods({ ...aligned({ startMs, endMs }, stepMs), stepMs, signal });
    },
    enabled: window !== undefined,
    placeholderData: keepPreviousData,
    staleTime: quantumMs,
  });
}
