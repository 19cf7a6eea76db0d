import { QueryClient, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { queryNumber } from "../client/prometheus.ts";
import type { AgentRow, Lane, SeriesLimitRow } from "../client/query_service.ts";
import { useServices } from "./services.ts";

/** A failed picture tries again by itself this often, also where refreshing is off. */
const recoverMs = 3_000;

/** The cache behind all pages. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The next refresh is the retry; a picture must not stay "loading" through hidden retries.
        retry: false,
        // The aggregator may well run on this machine: what the browser calls "offline" says nothing of it.
        networkMode: "always",
        staleTime: 1_000,
      },
    },
  });
}

type Retrying = { readonly state: { readonly status: string } };

/** The refetchInterval of a query: as the page says, and quickly while the last try failed. */
export function intervalOf(everyMs: number): (query: Retrying) => number | false {
  return (query) => {
    if (query.state.status === "error")
      return everyMs > 0 ? Math.min(everyMs, recoverMs) : recoverMs;
    return everyMs > 0 ? everyMs : false;
  };
}

export function useAgents(everyMs: number): UseQueryResult<AgentRow[]> {
  const { inventory } = useServices();
  return useQuery({
    queryKey: ["agents"],
    queryFn: ({ signal }) => inventory.listAgents(signal),
    refetchInterval: intervalOf(everyMs),
  });
}

/** One agent, with its targets and services. */
export function useAgent(agent: string, everyMs: number): UseQueryResult<AgentRow[]> {
  const { inventory } = useServices();
  return useQuery({
    queryKey: ["agents", agent],
    queryFn: ({ signal }) => inventory.agent(agent, signal),
    refetchInterval: intervalOf(everyMs),
  });
}

export function useLossAccount(everyMs: number): UseQueryResult<Lane[]> {
  const { inventory } = useServices();
  return useQuery({
    queryKey: ["loss_account"],
    queryFn: ({ signal }) => inventory.lossAccount(signal),
    refetchInterval: intervalOf(everyMs),
  });
}

export function useSeriesLimits(everyMs: number): UseQueryResult<SeriesLimitRow[]> {
  const { inventory } = useServices();
  return useQuery({
    queryKey: ["series_limits"],
    queryFn: ({ signal }) => inventory.seriesLimits(signal),
    refetchInterval: intervalOf(everyMs),
  });
}

export function useNumber(query: string, everyMs: number): UseQueryResult<number | null> {
  return useQuery({
    queryKey: ["number", query],
    // The cache keeps no undefined; null stands for "no such series".
    queryFn: async ({ signal }) => (await queryNumber(query, Date.now(), signal)) ?? null,
    refetchInterval: intervalOf(everyMs),
  });
}
