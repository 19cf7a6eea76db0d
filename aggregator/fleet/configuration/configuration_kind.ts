import { OperatingError } from "#shared/errors.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { WantedConfiguration } from "#proto/fleet/wanted_configuration.ts";
import type { AgentRecord, Agents } from "../agents.ts";
import type { Wanted } from "../rollout/rollout.ts";
import type { ReleaseReport, RolloutKind, WantedReleases } from "../rollout/rollout_kind.ts";
import type { Transactions } from "../rollout/rollouts.ts";
import type { Groups } from "./audience.ts";
import {
  type CompiledConfiguration,
  type Composed,
  compiled,
  compose,
  takesPart,
} from "./composed.ts";
import { configurationKind, readConfiguration, readGroups } from "./configurations.ts";

/** Where agents read what they are to run. */
export type WantedBoard = {
  /** Changes when what was put may be gone: another connection, or no connection at all (undefined). */
  readonly session: object | undefined;
  put(agent: string, wanted: WantedConfiguration): Promise<void>;
};

export type ConfigurationKindParts = {
  readonly catalog: Transactions;
  readonly tenant: string;
  readonly agents: Pick<Agents, "list">;
  readonly board: WantedBoard;
  readonly log: Logger;
};

/** Revisions never change, so they are read once; so many are remembered. */
const rememberedMax = 500;

/** Rolls out what agents collect: each has a value of its own on the board, made of all configurations that are for it. */
export class ConfigurationKind implements RolloutKind {
  readonly kind = configurationKind;
  readonly #parts: ConfigurationKindParts;
  readonly #remembered = new Map<string, CompiledConfiguration>();
  #groups: Groups = new Map();
  #session: object | undefined;
  /** What each agent was told over this connection. */
  #delivered = new Map<string, Composed>();

  constructor(parts: ConfigurationKindParts) {
    this.#parts = parts;
  }

  async audience(name: string, revision: string): Promise<(agent: AgentRecord) => boolean> {
    const configuration = await this.#read(name, revision);
    return (agent) => configuration.isFor(agent, this.#groups);
  }

  async deliver(releases: WantedReleases): Promise<void> {
    const { agents, board, catalog, tenant, log } = this.#parts;
    const { session } = board;
    if (session === undefined) throw new OperatingError("unavailable", "NATS is not connected");
    if (session !== this.#session) this.#delivered = new Map();
    this.#session = session;
    this.#groups = await readGroups(catalog, tenant);
    const taking = agents.list(tenant).filter((agent) => takesPart(agent));
    await this.#readAll(taking, releases);
    const known = (name: string, revision: string) => this.#remembered.get(`${name}/${revision}`);
    for (const record of taking) {
      const { agent } = record.heartbeat;
      const composed = compose(record, releases, known, this.#groups);
      const before = this.#delivered.get(agent);
      if (before?.id === composed.id) continue;
      const { id, layers, leftOut } = composed;
      if (leftOut.length > 0)
        log.warn("configurations are too much for one agent", { agent, left_out: leftOut });
      await board.put(agent, { id, layers });
      this.#delivered.set(agent, composed);
    }
  }

  report(record: AgentRecord, name: string, wanted: Wanted | undefined): ReleaseReport {
    const { agent, configuration: state } = record.heartbeat;
    const delivered = this.#delivered.get(agent);
    const revision = wanted && this.#remembered.get(`${name}/${wanted.revision}`);
    const isForIt = revision?.isFor(record, this.#groups) === true;
    const has = delivered?.wanted.get(name);
    const isDelivered = isForIt ? Bun.deepEquals(has, wanted) : has === undefined;
    if (delivered === undefined || !isDelivered) return { state: "pending" };
    if (state?.failedId === delivered.id) return { state: "failed", reason: state.failedReason };
    return { state: state?.runningId === delivered.id ? "running" : "pending" };
  }

  async #readAll(agents: readonly AgentRecord[], releases: WantedReleases): Promise<void> {
    for (const name of releases.names) {
      const revisions = agents.map(({ heartbeat }) => releases.of(heartbeat.agent, name)?.revision);
      for (const revision of new Set(revisions))
        if (revision !== undefined) await this.#read(name, revision);
    }
  }

  async #read(name: string, revision: string): Promise<CompiledConfiguration> {
    const key = `${name}/${revision}`;
    const before = this.#remembered.get(key);
    if (before !== undefined) return before;
    const { catalog, tenant } = this.#parts;
    const made = compiled(await readConfiguration(catalog, { tenant, name, revision }));
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size >= rememberedMax && oldest !== undefined)
      this.#remembered.delete(oldest);
    this.#remembered.set(key, made);
    return made;
  }
}
