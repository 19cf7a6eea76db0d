import { formatSpan } from "../../units/format.ts";
import type { Rollout, RolloutAgent, RolloutCommand } from "../../client/fleet.ts";

const words: Readonly<Record<string, string>> = {
  queued: "queued, waits for another to end",
  running: "under way",
  paused: "paused",
  rolling_back: "rolling back",
  done: "done",
  rolled_back: "rolled back",
  cancelled: "cancelled",
};

/** What is under way, or ended so recently that somebody may look for it. */
export function isOpen({ state, endedMs }: Rollout, nowMs: number): boolean {
  if (endedMs === undefined) return true;
  const isFailure = state === "rolled_back";
  return nowMs - endedMs < (isFailure ? 86_400_000 : 3_600_000);
}

/** "configuration web, revision 4": what it brings. */
export function rolloutName({ kind, name, revision }: Rollout): string {
  return kind === "binary"
    ? `release ${revision} of the agents' program`
    : `configuration ${name}, revision ${revision}`;
}

export function stateWords({ state }: Rollout): string {
  return words[state] ?? state;
}

/** What it waits for, or why it is as it is. */
export function reasonWords({ reason, plan }: Rollout): string {
  if (reason !== "soaking") return reason;
  return `soaking: the agents of a stage run well for ${formatSpan(plan.soak)} before the next begins`;
}

/** "stage 2 of 4: 10% of the agents". The last stage, for all of them, is not in the plan. */
export function stageWords({ plan, stage, state }: Rollout): string {
  if (state !== "running" && state !== "paused") return "";
  const text = plan.stages[stage];
  const whom =
    text === undefined
      ? "all agents"
      : text.endsWith("%")
        ? `${text} of the agents`
        : countOf(text);
  return `stage ${Math.min(stage, plan.stages.length) + 1} of ${plan.stages.length + 1}: ${whom}`;
}

function countOf(text: string): string {
  return text === "1" ? "one agent first" : `${text} agents`;
}

/** How many agents are how far, those that have it first; none that are not there any more. */
export function progressOf(
  agents: readonly RolloutAgent[],
): readonly { readonly state: keyof typeof agentWords; readonly count: number }[] {
  return agentStates.flatMap((state) => {
    const count = agents.filter((each) => each.state === state).length;
    return count === 0 ? [] : [{ state, count }];
  });
}

/** The same in words: "1 of 3 runs it, 2 wait". Once the rollout has ended nobody waits any more. */
export function progressWords(agents: readonly RolloutAgent[], hasEnded: boolean): string {
  const progress = progressOf(agents);
  const all = progress.reduce((sum, { count }) => sum + count, 0);
  return progress
    .map(({ state, count }, i) => {
      const isLeftOut = hasEnded && state === "waiting";
      const [one, many] = isLeftOut ? ["never got it", "never got it"] : agentWords[state];
      return `${count}${i === 0 ? ` of ${all}` : ""} ${count === 1 ? one : many}`;
    })
    .join(", ");
}

const agentWords = {
  applied: ["runs it", "run it"],
  given: ["was told", "were told"],
  failed: ["failed", "failed"],
  returned: ["has what it had before", "have what they had before"],
  waiting: ["waits", "wait"],
} as const;
const agentStates = ["applied", "given", "failed", "returned", "waiting"] as const;

/** What may be done to it now. */
export function commandsFor({ state }: Rollout): readonly RolloutCommand[] {
  switch (state) {
    case "running":
      return ["pause", "rollback"];
    case "paused":
      return ["resume", "rollback"];
    case "queued":
    case "done":
      return ["rollback"];
    default:
      return [];
  }
}

/** What happens then, for the window that asks. */
export function consequence(rollout: Rollout, command: RolloutCommand): string {
  const what = rolloutName(rollout);
  if (command === "pause")
    return `No more agents get ${what}. Those that have it keep it; failures still take it back.`;
  if (command === "resume") return `The next agents get ${what}, stage by stage.`;
  if (rollout.state === "queued")
    return `${what} has not begun: it is cancelled, and no agent gets it.`;
  const before =
    rollout.previous === undefined
      ? "have none of it, as before"
      : `go back to revision ${rollout.previous.revision}`;
  return `All agents that took ${what} ${before}, at once and not by stages.`;
}
