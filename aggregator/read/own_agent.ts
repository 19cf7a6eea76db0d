import type { LaneId } from "#proto/bus/agent_port.ts";

/** The agent that data made here is of, in the loss account; no agent's identity looks like this (agent/identity.ts). */
export const ownAgent = "aggregator";

export function isOwn({ agent }: LaneId): boolean {
  return agent === ownAgent;
}
