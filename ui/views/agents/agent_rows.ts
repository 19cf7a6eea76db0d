import type { FleetAgent, Releases } from "../../client/fleet.ts";
import type { AgentRow } from "../../client/query_service.ts";
import { sumLanes, type Account } from "../../client/account.ts";

/** One agent as the list shows it. */
export type ListedAgent = {
  readonly agent: AgentRow;
  readonly account: Account;
  readonly targetsDown: number;
  readonly targetsAll: number;
  /** Services that need a person. */
  readonly needing: number;
  /** local, pending, applied, failed, rolled_back; undefined where there is no fleet, or nobody told yet. */
  readonly configuration: string | undefined;
  readonly why: string;
  /** The release that it could have and has not. */
  readonly newer: string | undefined;
};

export const agentStates = ["silent", "failing", "outdated", "waiting", "losing"] as const;
/** What the list can be narrowed to. */
export type AgentFilter = (typeof agentStates)[number];

/** Beyond this the samples of an agent lie visibly beside others'. */
export const clockOffsetWarnMs = 2_000;

/** Joins what agents tell with what is wanted of them. */
export function listAgents(
  agents: readonly AgentRow[],
  fleet: readonly FleetAgent[] | null | undefined,
  releases: Releases | null | undefined,
): ListedAgent[] {
  const wanted = new Map((fleet ?? []).map((each) => [each.agent, each]));
  const newest = newestVersion(agents, releases);
  return agents.map((agent) => {
    const { targetCounts: counts, live } = agent;
    const told = wanted.get(agent.agent);
    return {
      agent,
      account: sumLanes(agent.lanes),
      // Of a silent agent nobody knows how its targets are.
      targetsDown: live ? (counts["down"] ?? 0) : 0,
      targetsAll: (counts["up"] ?? 0) + (counts["down"] ?? 0) + (counts["unknown"] ?? 0),
      needing: agent.services.filter(needsPerson).length,
      configuration: told?.state,
      why: told?.reason ?? "",
      newer: newest !== undefined && isOlder(agent.version, newest) ? newest : undefined,
    };
  });
}

/** Services that somebody must look after. */
export function needsPerson({ state }: AgentRow["services"][number]): boolean {
  return ["down", "failed", "invalid", "needs"].includes(state);
}

/** Of what is published and of what some agent runs already. */
function newestVersion(
  agents: readonly AgentRow[],
  releases: Releases | null | undefined,
): string | undefined {
  const known = [
    ...agents.map(({ version }) => version),
    ...(releases?.releases ?? []).map(({ version }) => version),
  ].filter((version) => /^\d+\.\d+\.\d+$/.test(version));
  return known.toSorted(byVersion).at(-1);
}

function isOlder(version: string, than: string): boolean {
  return version !== "" && byVersion(version, than) < 0;
}

/** 0.9.0 before 0.10.0; "0.1.0-rc1" before 0.1.0. */
export function byVersion(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left.numbers[i] ?? 0) - (right.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.more === right.more) return 0;
  if (left.more === "" || right.more === "") return left.more === "" ? 1 : -1;
  return left.more < right.more ? -1 : 1;
}

/** A number for each version, in their order; of those before a release there is no order among each other. */
export function versionRank(version: string): number {
  const { numbers, more } = partsOf(version);
  const [major = 0, minor = 0, patch = 0] = numbers;
  return (major * 1e5 + minor) * 1e5 + patch - (more === "" ? 0 : 0.5);
}

function partsOf(version: string): { readonly numbers: number[]; readonly more: string } {
  const [release = "", ...more] = version.replace(/\+.*$/, "").split("-");
  return { numbers: release.split(".").map((part) => Number(part) || 0), more: more.join("-") };
}

/** Whether a filter keeps an agent. */
export function fits(row: ListedAgent, filter: AgentFilter): boolean {
  switch (filter) {
    case "silent":
      return !row.agent.live;
    case "failing":
      return row.targetsDown > 0 || row.needing > 0 || row.agent.faults.length > 0;
    case "outdated":
      return row.newer !== undefined;
    case "waiting":
      return row.configuration === "pending" || row.configuration === "failed";
    case "losing":
      return row.account.dropped > 0 || row.account.unexplained !== 0;
  }
}

/** How many agents each filter keeps. */
export function countStates(rows: readonly ListedAgent[]): Record<AgentFilter, number> {
  const counts = { silent: 0, failing: 0, outdated: 0, waiting: 0, losing: 0 };
  for (const row of rows) for (const filter of agentStates) if (fits(row, filter)) counts[filter]++;
  return counts;
}

/** All words must be somewhere in the name, the id, the version, a label or a fact. */
export function findAgents(
  rows: readonly ListedAgent[],
  words: string,
  filter: AgentFilter | undefined,
  version: string | undefined,
): ListedAgent[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    if (filter !== undefined && !fits(row, filter)) return false;
    if (version !== undefined && row.agent.version !== version) return false;
    if (wanted.length === 0) return true;
    const { agent } = row;
    const labels = Object.entries(agent.labels).map(([name, value]) => `${name}=${value}`);
    const facts = Object.values(agent.facts);
    const text = [agent.name, agent.agent, agent.version, ...labels, ...facts]
      .join("\n")
      .toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

/** How many agents run each version, the newest version first. */
export function versionShares(
  rows: readonly ListedAgent[],
): readonly { readonly version: string; readonly count: number; readonly share: number }[] {
  const counts = new Map<string, number>();
  for (const { agent } of rows) counts.set(agent.version, (counts.get(agent.version) ?? 0) + 1);
  return [...counts]
    .map(([version, count]) => ({ version, count, share: count / rows.length }))
    .toSorted((a, b) => byVersion(b.version, a.version));
}

/** What needs somebody first: silent, then with faults, then the rest. */
export function stateRank(row: ListedAgent): number {
  if (!row.agent.live) return 0;
  if (row.agent.faults.length > 0) return 1;
  return row.targetsDown > 0 ? 2 : 3;
}
