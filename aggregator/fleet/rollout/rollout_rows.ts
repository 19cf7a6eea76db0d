import { z } from "zod";
import { count } from "../../catalog/catalog_count.ts";
import { Health } from "#proto/fleet/agent_health.ts";
import { WrittenPlan } from "./plan.ts";
import { type Rollout, type RolloutAgent, rolloutAgentStates, rolloutStates } from "./rollout.ts";

const time = count.nullable().transform((ms) => ms ?? undefined);
const json = z.string().transform((text): unknown => JSON.parse(text));

/** A row of `rollouts`. */
export const RolloutRow = z
  .object({
    id: z.string(),
    tenant: z.string(),
    kind: z.string(),
    name: z.string(),
    revision: z.string(),
    previous_revision: z.string().nullable(),
    previous_rollout: z.string().nullable(),
    plan: json.pipe(WrittenPlan),
    state: z.enum(rolloutStates),
    stage: count,
    reason: z.string(),
    actor: z.string(),
    created_ms: count,
    started_ms: time,
    ended_ms: time,
    state_ms: count,
    version: count,
  })
  .transform(
    ({
      previous_revision: revision,
      previous_rollout: rollout,
      created_ms: createdMs,
      started_ms: startedMs,
      ended_ms: endedMs,
      state_ms: stateMs,
      ...row
    }): Rollout => ({
      ...row,
      previous: revision === null || rollout === null ? undefined : { revision, rollout },
      createdMs,
      startedMs,
      endedMs,
      stateMs,
    }),
  );

/** A row of `rollout_agents`. */
export const RolloutAgentRow = z
  .object({
    agent: z.string(),
    place: count,
    state: z.enum(rolloutAgentStates),
    stage: count,
    given_ms: count,
    applied_ms: count,
    unhealthy_since_ms: count,
    baseline: json.pipe(Health).nullable(),
    reason: z.string(),
  })
  .transform(({ given_ms, applied_ms, unhealthy_since_ms, baseline, ...row }): RolloutAgent => ({
    ...row,
    givenMs: given_ms,
    appliedMs: applied_ms,
    unhealthySinceMs: unhealthy_since_ms,
    baseline: baseline ?? undefined,
  }));

/** A row of `fleet_current`. */
export const CurrentRow = z.object({
  name: z.string(),
  revision: z.string(),
  rollout: z.string(),
});
export type CurrentRow = z.output<typeof CurrentRow>;
