import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { AgentRecord, Agents } from "../agents.ts";
import { type Observation, type Turn, advance, inState } from "./advance.ts";
import { healthOf } from "#proto/fleet/agent_health.ts";
import type { Rollout } from "./rollout.ts";
import type { RolloutKind } from "./rollout_kind.ts";
import { type Transactions, saveRollout, told } from "./rollouts.ts";
import { type FleetState, readFleetState, underWay, wantedReleases } from "./wanted_releases.ts";

export type RolloutEngineParts = {
  readonly catalog: Transactions;
  readonly tenant: string;
  readonly agents: Pick<Agents, "list" | "isLive">;
  readonly kinds: readonly RolloutKind[];
  /** Whether heartbeats can reach this process. */
  readonly isConnected: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
};

const turnMs = 2_000;
/** Changes in one turn; the rest comes in the next. */
const stepsMax = 50;

/**
 * Moves rollouts on, one of each kind at a time. All state lies in the catalog, where commands change it too, so a turn begins with reading it; an
 * engine that was killed between two steps makes the second one at its next start. There must be one engine for a catalog.
 */
export class RolloutEngine {
  readonly #parts: RolloutEngineParts;
  readonly #stopped = new AbortController();
  #watchedSinceMs: number | undefined;
  #running: Promise<void> = Promise.resolve();
  readonly #troubles = new Map<string, string>();

  constructor(parts: RolloutEngineParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.turn();
      await this.#parts.clock.sleep(turnMs, signal);
    }
  }

  /** One look at everything. What fails is logged, once, and tried again at the next turn. */
  async turn(): Promise<void> {
    const { clock, isConnected, kinds, log } = this.#parts;
    // Without a connection all agents would look gone, and none of them is to blame.
    if (!isConnected()) return void (this.#watchedSinceMs = undefined);
    this.#watchedSinceMs ??= clock.now();
    for (const kind of kinds)
      try {
        await this.#turnOf(kind, this.#watchedSinceMs);
        this.#troubles.delete(kind.kind);
      } catch (thrown) {
        const error = messageOf(thrown);
        if (this.#troubles.get(kind.kind) !== error)
          log.warn("rollouts of this kind stand still", { kind: kind.kind, error });
        this.#troubles.set(kind.kind, error);
      }
  }

  /** Until nothing changes any more: a rollout that begins gives its first agents the release in the same turn. */
  async #turnOf(kind: RolloutKind, watchedSinceMs: number): Promise<void> {
    for (let steps = 0; steps < stepsMax; steps++) {
      const state = await this.#read(kind);
      // Before anything is judged by it.
      await kind.deliver(wantedReleases(state));
      if (!(await this.#move(kind, state, watchedSinceMs))) return;
    }
  }

  #read({ kind }: RolloutKind): Promise<FleetState> {
    const { catalog, tenant } = this.#parts;
    return catalog.transaction("read rollouts", (sql) => readFleetState(sql, { tenant, kind }));
  }

  /** Whether something changed. */
  async #move(kind: RolloutKind, state: FleetState, watchedSinceMs: number): Promise<boolean> {
    const nowMs = this.#parts.clock.now();
    const rollout = underWay(state);
    if (rollout !== undefined) {
      const observations = await this.#observe(kind, rollout, watchedSinceMs);
      const turn: Turn = { nowMs, watchedSinceMs, observations };
      const next = advance(rollout, state.agents, turn);
      const changed = next.agents.filter((agent) => !state.agents.includes(agent));
      if (next.rollout === rollout && changed.length === 0) return false;
      return this.#save(rollout, next.rollout, changed);
    }
    const [first] = state.open;
    if (first === undefined) return false;
    const current = state.current.find(({ name }) => name === first.name);
    const previous = current && { revision: current.revision, rollout: current.rollout };
    const begun = { ...inState(first, "running", "", nowMs), startedMs: nowMs, previous };
    return this.#save(first, begun, []);
  }

  async #observe(
    kind: RolloutKind,
    { name, revision, previous }: Rollout,
    watchedSinceMs: number,
  ): Promise<Map<string, Observation>> {
    const { agents, clock, tenant } = this.#parts;
    const isFor = await kind.audience(name, revision);
    const wasFor =
      previous === undefined ? () => false : await kind.audience(name, previous.revision);
    const observe = (record: AgentRecord): Observation => ({
      isLive: agents.isLive(record),
      silentMs: clock.now() - Math.max(record.lastSeenMs, watchedSinceMs),
      health: healthOf(record.heartbeat),
      report: (wanted) => kind.report(record, name, wanted),
    });
    return new Map(
      agents
        .list(tenant)
        // Whoever had it and is to lose it takes part, too.
        .filter((record) => isFor(record) || wasFor(record))
        .map((record) => [record.heartbeat.agent, observe(record)]),
    );
  }

  async #save(
    before: Rollout,
    after: Rollout,
    changed: Parameters<typeof saveRollout>[3],
  ): Promise<boolean> {
    const { catalog, clock, log } = this.#parts;
    const by = { actor: `rollout ${before.id}`, nowMs: clock.now() };
    const isSaved = await catalog.transaction("save a rollout", async (sql) => {
      if (!(await saveRollout(sql, before, after, changed))) return false;
      if (after.state !== before.state) await told(sql, after, `rollout_${after.state}`, by);
      return true;
    });
    if (!isSaved) return true;
    const { id, kind, name, revision, state, stage, reason } = after;
    if (state !== before.state || stage !== before.stage)
      log.info("rollout moved", { id, kind, name, revision, state, stage, reason });
    for (const { agent, state: agentState, reason: why } of changed)
      if (agentState === "failed")
        log.warn("agent failed in a rollout", { id, agent, reason: why });
    return true;
  }
}
