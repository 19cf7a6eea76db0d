import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { messageOf } from "#shared/errors.ts";
import { listAlerts, listUnknownRules } from "../../client/alerting.ts";
import { queryRange } from "../../client/prometheus.ts";
import type { AgentRow } from "../../client/query_service.ts";
import { useAgents, useSeriesLimits } from "../../queries/inventory.ts";
import { intervalOf } from "../../queries/query_client.ts";
import { useServices } from "../../queries/services.ts";
import { useStorage } from "../../queries/storage.ts";
import { diskUsed, selectors } from "../hosts/host_rows.ts";
import {
  agentProblems,
  alertProblems,
  diskProblems,
  dropProblems,
  laneProblems,
  limitProblems,
  serviceProblems,
  storageProblems,
  targetProblems,
  unknownProblems,
} from "./find_problems.ts";
import { askNewErrors, patternProblems } from "./new_patterns.ts";
import type { Problem } from "./problem.ts";
import { holdingNow, type Holding } from "./since.ts";

/** How far back is looked for when something began. */
const lookBackMs = 6 * 3_600_000;
const stepMs = 60_000;
const agentsEveryMs = 5_000;
const queriesEveryMs = 30_000;
/** Agents whose targets are asked for by name: of more, the count is enough. */
const detailedMax = 5;

const downExpr = "up == 0";
const { noDisk } = selectors;
const fullExpr = `${diskUsed("instance, mountpoint", `{job="node",${noDisk}}`)} > 0.85`;
/** What was not there an hour ago began at nothing: a series of drops begins with the first. */
const droppedExpr =
  "sum by (agent, instance, signal, reason) (lapwing_agent_dropped_items_total" +
  " - (lapwing_agent_dropped_items_total offset 1h or lapwing_agent_dropped_items_total * 0)) > 0";

export type Problems = {
  readonly agents: ReturnType<typeof useAgents>;
  readonly storage: ReturnType<typeof useStorage>;
  readonly problems: readonly Problem[];
  /** What could not be looked at, and why. */
  readonly complaints: readonly string[];
  /** Whether everything was looked at once. */
  readonly isWhole: boolean;
};

/** All that is wrong now, put together from what the aggregator tells; what fails leaves the others their lines. */
export function useProblems(): Problems {
  const agents = useAgents(agentsEveryMs);
  const storage = useStorage(queriesEveryMs);
  const limits = useSeriesLimits(queriesEveryMs);
  const alerts = useQuery({
    queryKey: ["alerting", "alerts"],
    queryFn: ({ signal }) => listAlerts(signal),
    refetchInterval: intervalOf(queriesEveryMs),
  });
  const unknown = useQuery({
    queryKey: ["alerting", "unknown"],
    queryFn: ({ signal }) => listUnknownRules(signal),
    refetchInterval: intervalOf(queriesEveryMs),
  });
  const down = useHolding(downExpr, lookBackMs);
  const full = useHolding(fullExpr, lookBackMs);
  const dropped = useHolding(droppedExpr, 0);
  const patterns = useQuery({
    queryKey: ["new_error_patterns"],
    queryFn: async ({ signal }) => patternProblems(await askNewErrors(Date.now(), signal)),
    refetchInterval: intervalOf(queriesEveryMs),
  });
  const detailed = useDetailed(agents.data ?? []);
  const problems = useMemo(() => {
    const rows = agents.data ?? [];
    const downNow = down.data ?? [];
    return [
      ...storageProblems(storage.data),
      ...alertProblems(alerts.data ?? []),
      ...unknownProblems(unknown.data ?? []),
      ...agentProblems(rows),
      ...targetProblems(rows, detailed, downNow),
      ...serviceProblems(rows, downNow),
      ...laneProblems(rows),
      ...dropProblems(dropped.data ?? []),
      ...diskProblems(full.data ?? [], rows, storage.data),
      ...limitProblems(limits.data ?? [], Date.now()),
      ...(patterns.data ?? []),
    ];
  }, [
    agents.data,
    storage.data,
    alerts.data,
    unknown.data,
    down.data,
    full.data,
    dropped.data,
    limits.data,
    patterns.data,
    detailed,
  ]);
  const asked = {
    storage,
    "series limits": limits,
    alerts,
    rules: unknown,
    targets: down,
    disks: full,
    drops: dropped,
    logs: patterns,
  };
  const complaints = Object.entries(asked).flatMap(([name, { error, isError }]) =>
    isError ? [`${name}: ${messageOf(error)}`] : [],
  );
  const isWhole = [agents, ...Object.values(asked)].every(({ data }) => data !== undefined);
  return { agents, storage, problems, complaints, isWhole };
}

/** Series of an expression that gives values only while something holds. */
function useHolding(query: string, backMs: number) {
  return useQuery({
    queryKey: ["holding", query],
    queryFn: async ({ signal }): Promise<Holding[]> => {
      const endMs = backMs === 0 ? Date.now() : Math.floor(Date.now() / stepMs) * stepMs + stepMs;
      return holdingNow(
        await queryRange({ query, startMs: endMs - backMs, endMs, stepMs, signal }),
      );
    },
    refetchInterval: intervalOf(backMs === 0 ? queriesEveryMs : 10_000),
    structuralSharing: false,
  });
}

/** Agents with targets that are down, with these by name: the first few. */
function useDetailed(agents: readonly AgentRow[]): ReadonlyMap<string, AgentRow> {
  const { inventory } = useServices();
  const wanted = agents
    .filter(({ live, targetCounts }) => live && (targetCounts["down"] ?? 0) > 0)
    .slice(0, detailedMax);
  const found = useQueries({
    queries: wanted.map(({ agent }) => ({
      queryKey: ["agents", agent],
      queryFn: ({ signal }: { signal: AbortSignal }) => inventory.agent(agent, signal),
      refetchInterval: intervalOf(agentsEveryMs),
    })),
    combine: (results) => results.flatMap(({ data }) => data ?? []),
  });
  return useMemo(() => new Map(found.map((row) => [row.agent, row])), [found]);
}
