import type { TargetState } from "#proto/gen/v1/control_pb.js";
import { formatDuration } from "#shared/text/duration.ts";
import type { AgentRecord, Agents } from "../fleet/agents.ts";
import type { ActiveTarget, Targets } from "./routes/prometheus/target_routes.ts";

const healths = ["up", "down"] as const;

/** The scrape targets of all agents, as they told last, in Prometheus's shape. */
export function targetsOf(agents: Agents, tenant: string): Targets {
  const records = agents.list(tenant);
  const states = records.flatMap(({ heartbeat }) => heartbeat.targets);
  return {
    active: records.flatMap((record) => {
      const active = record.heartbeat.targets.filter(({ health }) => health !== "dropped");
      if (agents.isLive(record)) return active.map(activeTarget);
      // Nobody knows: they may be well, and only unwatched.
      const lastError = goneText(record);
      return active.map((state) => ({ ...activeTarget(state), health: "unknown", lastError }));
    }),
    dropped: states
      .filter(({ health }) => health === "dropped")
      .map(({ discoveredLabels, pool }) => ({ discoveredLabels, scrapePool: pool })),
  };
}

function goneText({ heartbeat, lastSeenMs }: AgentRecord): string {
  const since = new Date(lastSeenMs).toISOString();
  return `the agent ${JSON.stringify(heartbeat.name)} has not been heard of since ${since}`;
}

/** Configurations of all agents' scrape pools by name, as YAML; of two pools of one name, that of the agent heard of first. */
export function poolsOf(agents: Agents, tenant: string): ReadonlyMap<string, string> {
  const pools = new Map<string, string>();
  for (const { heartbeat } of agents.list(tenant))
    for (const { name, configYaml } of heartbeat.scrapePools)
      if (!pools.has(name)) pools.set(name, configYaml);
  return pools;
}

function activeTarget(state: TargetState): ActiveTarget {
  return {
    discoveredLabels: state.discoveredLabels,
    labels: state.labels,
    scrapePool: state.pool,
    scrapeUrl: state.url,
    globalUrl: state.url,
    lastError: state.lastError,
    lastScrape: new Date(state.lastScrapeMs).toISOString(),
    lastScrapeDuration: state.lastDurationSeconds,
    health: healths.find((health) => health === state.health) ?? "unknown",
    scrapeInterval: formatDuration(state.intervalMs),
    scrapeTimeout: formatDuration(state.timeoutMs),
  };
}
