import type { AgentRow } from "./query_service.ts";

/** An agent that is live and has nothing to tell but what is given. */
export function agentRow(more: Partial<AgentRow> = {}): AgentRow {
  return {
    agent: "a",
    name: "web-1",
    live: true,
    version: "1",
    lastSeenMs: 0,
    clockOffsetMs: 0,
    startedMs: 0,
    facts: {},
    labels: {},
    spoolBytes: 0,
    spoolBytesMax: 0,
    faults: [],
    targets: [],
    targetsLeftOut: 0,
    targetCounts: {},
    configuration: undefined,
    jobs: [],
    spools: [],
    sources: [],
    credentials: undefined,
    update: undefined,
    services: [],
    lanes: [],
    ...more,
  };
}
