import type { WantedConfiguration } from "#proto/fleet/wanted_configuration.ts";
import { layersMax, wantedCharactersMax } from "#proto/fleet/wanted_configuration.ts";
import type { AgentRecord } from "../agents.ts";
import type { Wanted } from "../rollout/rollout.ts";
import type { WantedReleases } from "../rollout/rollout_kind.ts";
import { type Groups, compileAudience } from "./audience.ts";
import type { Configuration } from "./configurations.ts";

/** A revision with its audience ready to be asked. */
export type CompiledConfiguration = Configuration & {
  readonly isFor: (agent: AgentRecord, groups: Groups) => boolean;
};

export function compiled(configuration: Configuration): CompiledConfiguration {
  const matches = compileAudience(configuration.audience);
  return {
    ...configuration,
    isFor: (agent, groups) => takesPart(agent) && matches(agent, groups),
  };
}

/** Whether the aggregator has a say in what an agent collects: its own file decides that. */
export function takesPart({ heartbeat }: AgentRecord): boolean {
  const source = heartbeat.configuration?.source ?? "";
  return source === "merged" || source === "remote";
}

/** What one agent is to run, with what only the aggregator needs to know of its layers. */
export type Composed = WantedConfiguration & {
  readonly wanted: ReadonlyMap<string, Wanted>;
  /** What does not fit any more, for people; the layers of the lowest priority. */
  readonly leftOut: readonly string[];
};

/**
 * The layers that an agent is to have, those of the lowest priority first. The id follows from revisions and rollouts alone, so that the same is the same
 * after a restart of the aggregator, and another attempt with the same revision is not.
 */
export function compose(
  agent: AgentRecord,
  releases: WantedReleases,
  known: (name: string, revision: string) => CompiledConfiguration | undefined,
  groups: Groups,
): Composed {
  const found = releases.names.flatMap((name) => {
    const wanted = releases.of(agent.heartbeat.agent, name);
    const configuration = wanted && known(name, wanted.revision);
    if (wanted === undefined || configuration?.isFor(agent, groups) !== true) return [];
    return [{ wanted, configuration }];
  });
  const byPriority = found.toSorted(
    (a, b) =>
      b.configuration.priority - a.configuration.priority ||
      (a.configuration.name < b.configuration.name ? 1 : -1),
  );
  let room = wantedCharactersMax;
  const fitting = byPriority.filter(({ configuration: { text } }, i) => {
    if (i >= layersMax || text.length > room) return false;
    room -= text.length;
    return true;
  });
  const layers = fitting
    .toReversed()
    .map(({ configuration: { name, revision, text } }) => ({ name, revision, text }));
  const told = fitting.map(({ wanted, configuration: { name } }) => [name, wanted]);
  return {
    id: new Bun.CryptoHasher("sha256").update(JSON.stringify(told)).digest("hex").slice(0, 32),
    layers,
    wanted: new Map(fitting.map(({ wanted, configuration }) => [configuration.name, wanted])),
    leftOut: byPriority
      .filter((each) => !fitting.includes(each))
      .map(({ configuration }) => configuration.name),
  };
}
