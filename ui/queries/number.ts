import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { queryNumber } from "../client/prometheus.ts";
import { intervalOf } from "./query_client.ts";

/** The one number that an expression has now; null where there is no such series. */
export function useNumber(query: string, everyMs: number): UseQueryResult<number | null> {
  return useQuery({
    queryKey: ["number", query],
    // The cache keeps no undefined; null stands for "no such series".
    queryFn: async ({ signal }) => (await queryNumber(query, Date.now(), signal)) ?? null,
    refetchInterval: intervalOf(everyMs),
  });
}
