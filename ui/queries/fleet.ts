import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import {
  agentDifference,
  configurationRolloutAgents,
  listConfigurationRollouts,
  listFleetAgents,
  readEnrolments,
  readReleases,
  type Enrolments,
  type FleetAgent,
  type Releases,
  type Rollout,
  type RolloutAgent,
} from "../client/fleet.ts";
import { intervalOf } from "./query_client.ts";

/** These change by what people do, and at the pace of rollouts. */
const slowest = 10_000;
const paced = (everyMs: number): number => (everyMs === 0 ? 0 : Math.max(everyMs, slowest));

/** What agents are to run; null where there is no fleet. */
export function useFleetAgents(everyMs: number): UseQueryResult<FleetAgent[] | null> {
  return useQuery({
    queryKey: ["fleet", "agents"],
    queryFn: ({ signal }) => listFleetAgents(signal),
    refetchInterval: intervalOf(paced(everyMs)),
  });
}

/** A patch from what an agent runs to what it is to run; asked only where they differ. */
export function useAgentDifference(agent: string, differs: boolean): UseQueryResult<string> {
  return useQuery({
    queryKey: ["fleet", "difference", agent],
    queryFn: ({ signal }) => agentDifference(agent, signal),
    enabled: differs,
  });
}

export function useConfigurationRollouts(everyMs: number): UseQueryResult<Rollout[] | null> {
  return useQuery({
    queryKey: ["fleet", "rollouts"],
    queryFn: ({ signal }) => listConfigurationRollouts(signal),
    refetchInterval: intervalOf(paced(everyMs)),
  });
}

/** Agents of the newest rollout of a configuration. */
export function useRolloutAgents(
  name: string,
  { everyMs, enabled }: { readonly everyMs: number; readonly enabled: boolean },
): UseQueryResult<RolloutAgent[]> {
  return useQuery({
    queryKey: ["fleet", "rollouts", name],
    queryFn: ({ signal }) => configurationRolloutAgents(name, signal),
    refetchInterval: intervalOf(paced(everyMs)),
    enabled,
  });
}

/** Releases of the agents' program; null where there is no fleet. */
export function useReleases(everyMs: number): UseQueryResult<Releases | null> {
  return useQuery({
    queryKey: ["fleet", "releases"],
    queryFn: ({ signal }) => readReleases(signal),
    refetchInterval: intervalOf(paced(everyMs)),
  });
}

/** Tokens and enrolled agents; null where there is no fleet. */
export function useEnrolments(everyMs: number): UseQueryResult<Enrolments | null> {
  return useQuery({
    queryKey: ["fleet", "enrolments"],
    queryFn: ({ signal }) => readEnrolments(signal),
    refetchInterval: intervalOf(everyMs),
  });
}
