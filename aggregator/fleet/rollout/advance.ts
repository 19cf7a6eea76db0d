import type { Health } from "#proto/fleet/agent_health.ts";
import { worseThan } from "#proto/fleet/agent_health.ts";
import { agentsAfter, chosenOrder } from "./plan.ts";
import type { Rollout, RolloutAgent, Wanted } from "./rollout.ts";
import type { ReleaseReport } from "./rollout_kind.ts";

/** An agent that the release is for, as it is now. */
export type Observation = {
  /** Heard of within the last half minute. */
  readonly isLive: boolean;
  /** How long nothing was heard of it, in milliseconds, of the time in which it could have been heard. */
  readonly silentMs: number;
  readonly health: Health;
  /** About a revision of the release; undefined: about having none. */
  report(wanted: Wanted | undefined): ReleaseReport;
};

export type Turn = {
  readonly nowMs: number;
  /** Since when the aggregator hears agents without a break: before that nobody is judged. */
  readonly watchedSinceMs: number;
  readonly observations: ReadonlyMap<string, Observation>;
};

export type Advanced = {
  readonly rollout: Rollout;
  readonly agents: readonly RolloutAgent[];
};

/** An agent is not given up for missing some heartbeats. */
const silentMaxMs = 60_000;
const waiting = {
  state: "waiting",
  stage: 0,
  givenMs: 0,
  appliedMs: 0,
  unhealthySinceMs: 0,
  baseline: undefined,
  reason: "",
} as const;

/**
 * The next state of a rollout that is running, paused or rolling back, out of what is seen at one moment. Knows nothing but its arguments. What did
 * not change is the same object.
 *
 * Running: each agent that has the release is judged; too many failures roll it back. When all live agents of the stage run it well for
 * the soak time, the next stage takes more: live ones, in an order by chance that stays. Agents that are not there hold nothing up: they are passed
 * over until the last stage, which is for everybody, gives it to them too, and ends without waiting for them. The first agent, though, must be
 * seen to run it: until one is live, the rollout waits.
 */
export function advance(rollout: Rollout, known: readonly RolloutAgent[], turn: Turn): Advanced {
  const joined = withNewcomers(rollout, known, turn);
  if (rollout.state === "rolling_back") return goBack(rollout, joined, turn);
  const judged = joined.map((agent) => judge(rollout, agent, turn));
  const failed = judged.filter(({ state }) => state === "failed");
  const [first] = failed.toSorted((a, b) => a.place - b.place);
  if (first !== undefined && failed.length > rollout.plan.failures_max) {
    const reason = `${first.agent}: ${first.reason}`;
    return goBack(inState(rollout, "rolling_back", reason, turn.nowMs), judged, turn);
  }
  return rollout.state === "paused" ? { rollout, agents: judged } : goOn(rollout, judged, turn);
}

/** The rollout in another state. */
export function inState(
  rollout: Rollout,
  state: Rollout["state"],
  reason: string,
  nowMs: number,
): Rollout {
  const isEnd = state === "done" || state === "rolled_back" || state === "cancelled";
  return { ...rollout, state, reason, stateMs: nowMs, endedMs: isEnd ? nowMs : undefined };
}

/** Whoever the release is for takes part, also those who came after its beginning. */
function withNewcomers(
  { id, state }: Rollout,
  known: readonly RolloutAgent[],
  { observations }: Turn,
): readonly RolloutAgent[] {
  const names = new Set(known.map(({ agent }) => agent));
  if (state === "rolling_back" || [...observations.keys()].every((agent) => names.has(agent)))
    return known;
  const before = new Map(known.map((agent) => [agent.agent, agent]));
  const all = new Set([...names, ...observations.keys()]);
  return chosenOrder(id, [...all]).map((agent, place) => {
    const one = before.get(agent);
    return one?.place === place ? one : { agent, ...waiting, ...one, place };
  });
}

/** One agent, by what is seen of it. */
function judge(rollout: Rollout, agent: RolloutAgent, turn: Turn): RolloutAgent {
  const { nowMs, watchedSinceMs } = turn;
  const seen = turn.observations.get(agent.agent);
  if (seen === undefined)
    return agent.state === "gone" || agent.state === "failed"
      ? agent
      : { ...agent, state: "gone", reason: "the release is not for it any more" };
  if (agent.state === "gone") return { ...agent, ...waiting };
  if (agent.state !== "given" && agent.state !== "applied") return agent;
  if (agent.baseline === undefined)
    // Whoever was away when it was given is judged from its return on.
    return seen.isLive ? { ...agent, baseline: seen.health, givenMs: nowMs } : agent;
  const failed = (reason: string): RolloutAgent => ({ ...agent, state: "failed", reason });
  if (seen.silentMs > silentMaxMs + rollout.plan.grace)
    return failed(`silent for ${Math.round(seen.silentMs / 1_000)} s since it was given`);
  if (!seen.isLive) return agent;
  const report = seen.report({ revision: rollout.revision, rollout: rollout.id });
  if (report.state === "failed") return failed(report.reason);
  if (report.state === "pending") {
    const sinceMs = Math.max(agent.givenMs, watchedSinceMs);
    const limitMs = rollout.plan.apply_timeout;
    if (nowMs - sinceMs > limitMs) return failed(`has not taken it within ${limitMs / 1_000} s`);
    // It ran it, and does not any more: another start of the same.
    return agent.state === "given" ? agent : { ...agent, state: "given", givenMs: nowMs };
  }
  return judgeHealth(rollout, agent, agent.baseline, seen.health, nowMs);
}

/** One that runs the release. */
function judgeHealth(
  { plan }: Rollout,
  agent: RolloutAgent,
  baseline: Health,
  health: Health,
  nowMs: number,
): RolloutAgent {
  const worse = worseThan(baseline, health, plan.failing_more_max);
  const { unhealthySinceMs } = agent;
  if (worse !== undefined && unhealthySinceMs > 0 && nowMs - unhealthySinceMs >= plan.grace)
    return { ...agent, state: "failed", reason: worse };
  const since = worse === undefined ? 0 : unhealthySinceMs || nowMs;
  const reason = worse ?? "";
  if (agent.state === "applied" && since === unhealthySinceMs && reason === agent.reason)
    return agent;
  const appliedMs = agent.state === "applied" ? agent.appliedMs : nowMs;
  return { ...agent, state: "applied", appliedMs, unhealthySinceMs: since, reason };
}

/** Fills the stage, and goes to the next where this one is through. */
function goOn(rollout: Rollout, agents: readonly RolloutAgent[], turn: Turn): Advanced {
  const isLast = rollout.stage >= rollout.plan.stages.length;
  const filled = fill(rollout, agents, turn, isLast);
  const members = filled.filter(({ state }) => state !== "gone");
  if (members.length === 0) {
    const none = inState(rollout, "done", "it is for no agent that is known", turn.nowMs);
    return { rollout: none, agents: filled };
  }
  const waits = whyWaiting(rollout, filled, turn);
  if (waits !== undefined)
    return {
      rollout: waits === rollout.reason ? rollout : { ...rollout, reason: waits },
      agents: filled,
    };
  if (isLast) {
    const failures = members.filter(({ state }) => state === "failed").length;
    const reason = failures === 0 ? "" : `${failures} failed, and keep what they had`;
    return { rollout: inState(rollout, "done", reason, turn.nowMs), agents: filled };
  }
  const next = { ...rollout, stage: rollout.stage + 1, stateMs: turn.nowMs, reason: "" };
  return { rollout: next, agents: filled };
}

/** Gives it to as many as the stage has room for: to those who are there, and in the last stage to everybody. A tolerated failure makes room for another. */
function fill(
  { plan, stage }: Rollout,
  agents: readonly RolloutAgent[],
  { observations, nowMs }: Turn,
  isLast: boolean,
): readonly RolloutAgent[] {
  const members = agents.filter(({ state }) => state !== "gone").length;
  let room =
    agentsAfter(plan, stage, members) -
    agents.filter(({ state }) => state === "given" || state === "applied").length;
  if (room <= 0) return agents;
  return agents.map((agent) => {
    const seen = observations.get(agent.agent);
    if (agent.state !== "waiting" || seen === undefined || room <= 0) return agent;
    if (!seen.isLive && !isLast) return agent;
    room -= 1;
    const baseline = seen.isLive ? seen.health : undefined;
    return { ...agent, state: "given", stage, givenMs: nowMs, baseline };
  });
}

/** What the stage still waits for; undefined: it is through. */
function whyWaiting(
  { plan }: Rollout,
  agents: readonly RolloutAgent[],
  { nowMs, watchedSinceMs }: Turn,
): string | undefined {
  const judged = agents.filter(({ baseline }) => baseline !== undefined);
  const pending = judged.filter(({ state }) => state === "given");
  if (pending.length > 0)
    return `${pending.length} ${pending.length === 1 ? "agent has" : "agents have"} not taken it yet`;
  const applied = judged.filter(({ state }) => state === "applied");
  if (applied.length === 0) return "no agent that is there runs it yet";
  const unwell = applied.find(({ unhealthySinceMs }) => unhealthySinceMs > 0);
  if (unwell !== undefined) return `${unwell.agent} is not well: ${unwell.reason}`;
  const sinceMs = Math.max(watchedSinceMs, ...applied.map(({ appliedMs }) => appliedMs));
  return nowMs - sinceMs < plan.soak ? "soaking" : undefined;
}

/** Waits until those that took it have what they had before; those who are not there, or don't, hold it up no longer than the time to apply. */
function goBack(rollout: Rollout, agents: readonly RolloutAgent[], turn: Turn): Advanced {
  const { observations, nowMs } = turn;
  const back = agents.map((agent): RolloutAgent => {
    if (agent.state !== "given" && agent.state !== "applied" && agent.state !== "failed")
      return agent;
    const report = observations.get(agent.agent)?.report(rollout.previous);
    return report?.state === "running" ? { ...agent, state: "returned" } : agent;
  });
  const left = back.filter(
    ({ agent, state }) =>
      (state === "given" || state === "applied" || state === "failed") &&
      observations.get(agent)?.isLive === true,
  );
  const isLate =
    nowMs - Math.max(rollout.stateMs, turn.watchedSinceMs) > rollout.plan.apply_timeout;
  if (left.length > 0 && !isLate) return { rollout, agents: back };
  const late = left.map(({ agent }) => agent).join(", ");
  const reason = late === "" ? rollout.reason : `${rollout.reason} (not back yet: ${late})`;
  return { rollout: inState(rollout, "rolled_back", reason, nowMs), agents: back };
}
