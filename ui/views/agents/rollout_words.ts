import type { Rollout, RolloutAgent, RolloutCommand } from "../../client/fleet.ts";

const words: Readonly<Record<string, string>> = {
  queued: "waits for another one to end",
  running: "goes on",
  paused: "is stopped: no more agents get it",
  rolling_back: "is being taken back",
  done: "is done",
  rolled_back: "was taken back",
  cancelled: "was cancelled",
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

/** How many agents are how far. */
export function progressWords(agents: readonly RolloutAgent[]): string {
  const counts = new Map<string, number>();
  for (const { state } of agents) counts.set(state, (counts.get(state) ?? 0) + 1);
  const parts = (["applied", "given", "waiting", "failed", "returned"] as const).flatMap(
    (state) => {
      const count = counts.get(state) ?? 0;
      return count === 0 ? [] : [`${count} ${agentWords[state]}`];
    },
  );
  return parts.join(", ");
}

const agentWords = {
  applied: "run it",
  given: "were told",
  waiting: "wait",
  failed: "failed",
  returned: "have what they had before",
} as const;

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
