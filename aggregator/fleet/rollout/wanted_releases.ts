import type { SQL } from "bun";
import { z } from "zod";
import type { Rollout, RolloutAgent, Wanted } from "./rollout.ts";
import type { WantedReleases } from "./rollout_kind.ts";
import { agentsOf, openRollouts } from "./rollouts.ts";
import { CurrentRow, RolloutRow } from "./rollout_rows.ts";

/** All of one kind that decides who has which revision, as of one moment. */
export type FleetState = {
  /** Those that have not ended, the oldest first. */
  readonly open: readonly Rollout[];
  /** Of the one that is under way. */
  readonly agents: readonly RolloutAgent[];
  readonly current: readonly CurrentRow[];
  /** Agents that failed in a rollout that ended well for the others, by rollout. */
  readonly failed: ReadonlyMap<string, FailedIn>;
};

type FailedIn = { readonly previous: Wanted | undefined; readonly agents: ReadonlySet<string> };

/** The one that is under way, of all that have not ended. */
export function underWay({ open }: Pick<FleetState, "open">): Rollout | undefined {
  return open.find(({ state }) => state !== "queued");
}

export async function readFleetState(
  sql: SQL,
  of: { readonly tenant: string; readonly kind: string },
): Promise<FleetState> {
  const { tenant, kind } = of;
  const open = await openRollouts(sql, of);
  const rollout = underWay({ open });
  const current = z.array(CurrentRow).parse([
    ...(await sql`SELECT name, revision, rollout FROM fleet_current
      WHERE tenant = ${tenant} AND kind = ${kind} ORDER BY name`),
  ]);
  const done = z.array(RolloutRow).parse([
    ...(await sql`SELECT * FROM rollouts WHERE tenant = ${tenant} AND kind = ${kind}
      AND id IN (SELECT rollout FROM rollout_agents WHERE state = 'failed')`),
  ]);
  const failed = new Map<string, FailedIn>();
  for (const { id, previous } of done) {
    const agents = (await agentsOf(sql, id)).filter(({ state }) => state === "failed");
    failed.set(id, { previous, agents: new Set(agents.map(({ agent }) => agent)) });
  }
  const agents = rollout === undefined ? [] : await agentsOf(sql, rollout.id);
  return { open, agents, current, failed };
}

/**
 * What each agent is to have: of a rollout that goes on, its revision for those whose turn it is or was; else what is current; and for an agent
 * that failed on that, what it had before.
 */
export function wantedReleases(state: FleetState): WantedReleases {
  const rollout = underWay(state);
  const goesOn = rollout?.state === "running" || rollout?.state === "paused";
  const takes = new Set(
    state.agents
      .filter((each) => each.state === "given" || each.state === "applied")
      .map(({ agent }) => agent),
  );
  const current = new Map(state.current.map(({ name, ...wanted }) => [name, wanted]));
  const names = new Set(current.keys());
  if (goesOn) names.add(rollout.name);
  return {
    names: [...names],
    of(agent, name) {
      if (goesOn && rollout.name === name && takes.has(agent))
        return { revision: rollout.revision, rollout: rollout.id };
      let wanted: Wanted | undefined = current.get(name);
      // Each step goes to an older rollout, so this ends.
      while (wanted !== undefined && state.failed.get(wanted.rollout)?.agents.has(agent) === true)
        wanted = state.failed.get(wanted.rollout)?.previous;
      return wanted;
    },
  };
}
