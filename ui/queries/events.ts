import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { EventPage } from "../client/event_service.ts";
import { intervalOf } from "./query_client.ts";
import { useServices } from "./services.ts";
import { defaultRange, windowOf, type TimeRange } from "../state/time_range.ts";

type Asked = {
  readonly range: TimeRange;
  readonly everyMs: number;
  /** Only those of this agent; all where empty. */
  readonly agent?: string;
  readonly limit?: number;
};

/** What changed within a range, the newest first. */
export function useEvents({
  range,
  everyMs,
  agent = "",
  limit = 200,
}: Asked): UseQueryResult<EventPage> {
  const { events } = useServices();
  return useQuery({
    queryKey: ["events", agent, range.from, range.to, range.timeZone, limit],
    queryFn: ({ signal }) => {
      const nowMs = Date.now();
      const { startMs, endMs } = windowOf(range, nowMs) ??
        windowOf(defaultRange, nowMs) ?? { startMs: nowMs - 3_600_000, endMs: nowMs };
      return events.listEvents({ startMs, endMs, agent, limit }, signal);
    },
    placeholderData: keepPreviousData,
    refetchInterval: intervalOf(everyMs),
  });
}
