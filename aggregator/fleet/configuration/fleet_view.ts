import { createTwoFilesPatch } from "diff";
import { shownYaml } from "#shared/runtime/config/shown_config.ts";
import { parse } from "yaml";
import type { AgentRecord } from "../agents.ts";
import type { Rollout, RolloutAgent } from "../rollout/rollout.ts";
import { type Transactions, listRollouts, rolloutAgents } from "../rollout/rollouts.ts";
import { readFleetState, wantedReleases } from "../rollout/wanted_releases.ts";
import type { Groups } from "./audience.ts";
import { type CompiledConfiguration, compiled, compose, takesPart } from "./composed.ts";
import {
  type Configuration,
  configurationKind,
  listConfigurations,
  readConfiguration,
  readGroups,
} from "./configurations.ts";

type Layer = { readonly name: string; readonly revision: string };

/** What an agent is to run, beside what it runs. */
export type AgentView = {
  readonly agent: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly status: "live" | "silent";
  /** As its own file says: local, merged, remote. */
  readonly source: string;
  readonly wanted: readonly Layer[];
  readonly running: readonly Layer[];
  /** local: the aggregator has no say. rolled_back: it took a revision that was taken back. */
  readonly state: "local" | "pending" | "applied" | "failed" | "rolled_back";
  /** Why, where it failed or was rolled back. */
  readonly reason: string;
};

export type FleetView = {
  readonly agents: readonly AgentView[];
  readonly groups: Groups;
  /** The newest of each configuration that has one. */
  readonly rollouts: readonly {
    readonly rollout: Rollout;
    readonly agents: readonly RolloutAgent[];
  }[];
  /** The newest revision of each configuration, and the one that everybody has whom no rollout gives another. */
  readonly configurations: readonly (Configuration & { readonly current: string | undefined })[];
};

/** Everything at one moment, but for what agents tell, which is as of their last heartbeat. */
export async function readFleetView(
  catalog: Transactions,
  tenant: string,
  seen: {
    readonly agents: readonly AgentRecord[];
    readonly isLive: (agent: AgentRecord) => boolean;
  },
): Promise<FleetView> {
  const of = { tenant, kind: configurationKind };
  const state = await catalog.transaction("read the fleet", (sql) => readFleetState(sql, of));
  const releases = wantedReleases(state);
  const groups = await readGroups(catalog, tenant);
  const newest = await listConfigurations(catalog, tenant);
  const known = new Map<string, CompiledConfiguration>();
  for (const { heartbeat } of seen.agents)
    for (const name of releases.names) {
      const revision = releases.of(heartbeat.agent, name)?.revision;
      const key = `${name}/${revision}`;
      if (revision === undefined || known.has(key)) continue;
      known.set(key, compiled(await readConfiguration(catalog, { tenant, name, revision })));
    }
  const rollouts: FleetView["rollouts"][number][] = [];
  for (const { name } of newest) {
    const [rollout] = await listRollouts(catalog, { ...of, name });
    if (rollout !== undefined)
      rollouts.push({ rollout, agents: await rolloutAgents(catalog, rollout.id) });
  }
  const agents = seen.agents.map((record): AgentView => {
    const { agent, name, labels, configuration } = record.heartbeat;
    const composed = compose(record, releases, (layer, at) => known.get(`${layer}/${at}`), groups);
    return {
      agent,
      name,
      labels: { ...labels },
      status: seen.isLive(record) ? "live" : "silent",
      source: configuration?.source || "local",
      wanted: composed.layers.map(({ name: layer, revision }) => ({ name: layer, revision })),
      running: (configuration?.running ?? []).map((layer) => ({
        name: layer.name,
        revision: layer.revision,
      })),
      ...stateOf(record, composed, rollouts),
    };
  });
  const current = new Map(state.current.map(({ name, revision }) => [name, revision]));
  const configurations = newest.map((each) => ({ ...each, current: current.get(each.name) }));
  return { agents, groups, rollouts, configurations };
}

/** How an agent is with the configuration that is wanted of it; of rollouts the newest that reached it counts. */
export function stateOf(
  record: AgentRecord,
  wanted: { readonly id: string; readonly layers: readonly unknown[] },
  rollouts: FleetView["rollouts"],
): Pick<AgentView, "state" | "reason"> {
  const { agent, configuration: told } = record.heartbeat;
  if (!takesPart(record) || told === undefined) return { state: "local", reason: "" };
  if (told.failedId === wanted.id) return { state: "failed", reason: told.failedReason };
  const isNothing = wanted.layers.length === 0 && told.running.length === 0;
  if (told.runningId !== wanted.id && !isNothing) return { state: "pending", reason: "" };
  const [newest] = rollouts
    .flatMap(({ rollout, agents }) => {
      const own = agents.find((each) => each.agent === agent);
      return own === undefined || own.state === "waiting" ? [] : [{ rollout, own }];
    })
    .toSorted((a, b) => b.rollout.createdMs - a.rollout.createdMs);
  if (newest?.own.state === "failed") return { state: "failed", reason: newest.own.reason };
  if (newest?.own.state === "returned")
    return { state: "rolled_back", reason: newest.rollout.reason };
  return { state: "applied", reason: "" };
}

/** How one revision differs from another, as a patch; secrets, which should not be there, are hidden. Empty where nothing does. */
export function differenceOf(
  before: Configuration | undefined,
  after: Configuration | undefined,
): string {
  const [a, b] = [shownText(before), shownText(after)];
  return a === b ? "" : createTwoFilesPatch(nameOf(before), nameOf(after), a, b);
}

/** Of one agent: from what it runs to what it is to run. */
export async function agentDifference(
  catalog: Transactions,
  tenant: string,
  { running, wanted }: AgentView,
): Promise<string> {
  const names = [...new Set([...running, ...wanted].map(({ name }) => name))].toSorted();
  const parts: string[] = [];
  for (const name of names) {
    const read = async (layers: readonly Layer[]) => {
      const revision = layers.find((layer) => layer.name === name)?.revision;
      return revision === undefined
        ? undefined
        : readConfiguration(catalog, { tenant, name, revision });
    };
    parts.push(differenceOf(await read(running), await read(wanted)));
  }
  return parts.join("");
}

function nameOf(one: Configuration | undefined): string {
  return one === undefined ? "none" : `${one.name} revision ${one.revision}`;
}

function shownText(configuration: Configuration | undefined): string {
  return configuration === undefined ? "" : shownYaml(parse(configuration.text) ?? {});
}
