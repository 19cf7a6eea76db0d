import type { AgentRecord } from "./agents.ts";

/** States of services that are watched. Of the others there are no series. */
const watched: ReadonlySet<string> = new Set(["running", "down", "starting"]);

/**
 * Kinds of services that agents of a tenant watch, silent agents among them, as their heartbeats say it. "probes" where one runs checks.
 */
export function foundKinds(agents: Iterable<AgentRecord>, tenant: string): ReadonlySet<string> {
  const kinds = new Set<string>();
  for (const { heartbeat } of agents) {
    if (heartbeat.tenant !== tenant) continue;
    for (const { integration, state } of heartbeat.integrations)
      if (watched.has(state)) kinds.add(integration);
    if (heartbeat.sources.some(({ type }) => type === "probe")) kinds.add("probes");
  }
  return kinds;
}
