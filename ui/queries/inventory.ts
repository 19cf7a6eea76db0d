import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { AgentRow, Lane, SeriesLimitRow } from "../client/query_service.ts";
import { intervalOf } from "./query_client.ts";
import { useServices } from "./services.ts";

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
