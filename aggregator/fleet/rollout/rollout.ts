import type { Health } from "#proto/fleet/agent_health.ts";
import type { RolloutPlan } from "./plan.ts";

/** A release as an agent is to have it: which revision, and the rollout that brings it, so that a second attempt is told from the first. */
export type Wanted = { readonly revision: string; readonly rollout: string };

/**
 * queued: another one of its kind is under way. rolling_back: agents that took it are given what they had before.
 * done, rolled_back and cancelled are ends.
 */
export const rolloutStates = [
  "queued",
  "running",
  "paused",
  "rolling_back",
  "done",
  "rolled_back",
  "cancelled",
] as const;
export type RolloutState = (typeof rolloutStates)[number];

/** Brings one revision of a named release to all agents that it is for, stage by stage. */
export type Rollout = {
  readonly id: string;
  readonly tenant: string;
  /** What is rolled out: configuration, binary. */
  readonly kind: string;
  readonly name: string;
  readonly revision: string;
  /** What agents had before; undefined where there was nothing. Known from its beginning on. */
  readonly previous: Wanted | undefined;
  readonly plan: RolloutPlan;
  readonly state: RolloutState;
  /** Index into the plan's stages; one past them is the last, which is for everybody. */
  readonly stage: number;
  /** Why it is in this state, for people. */
  readonly reason: string;
  readonly actor: string;
  readonly createdMs: number;
  readonly startedMs: number | undefined;
  readonly endedMs: number | undefined;
  /** Of the state, since when. */
  readonly stateMs: number;
  /** Counts changes: who read an older one must read again before writing. */
  readonly version: number;
};

/**
 * waiting: not its turn yet. given: told to take it. applied: said that it runs it. failed: refused it, or was not well with it; it keeps
 * what it had. gone: it is not for this agent any more. returned: has what it had before, after a rollback.
 */
export const rolloutAgentStates = [
  "waiting",
  "given",
  "applied",
  "failed",
  "gone",
  "returned",
] as const;
export type RolloutAgentState = (typeof rolloutAgentStates)[number];

/** One agent in a rollout. */
export type RolloutAgent = {
  readonly agent: string;
  /** In the order in which agents are chosen. */
  readonly place: number;
  readonly state: RolloutAgentState;
  /** The stage in which it was given. */
  readonly stage: number;
  readonly givenMs: number;
  readonly appliedMs: number;
  /** Since when it is worse than before; 0 while it is not. */
  readonly unhealthySinceMs: number;
  /** How it was when it was given; undefined where it was not there then: it is not judged before it comes. */
  readonly baseline: Health | undefined;
  readonly reason: string;
};
