import { hostname } from "node:os";
import { fromJsonString, toJsonString } from "@bufbuild/protobuf";
import type { Heartbeat } from "#proto/gen/v1/control_pb.js";
import { HeartbeatSchema } from "#proto/gen/v1/control_pb.js";
import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { Store } from "../read/store.ts";

/** An agent as last heard of. */
export type AgentRecord = {
  readonly heartbeat: Heartbeat;
  /** Unix ms of our clock. */
  readonly lastSeenMs: number;
  /** The agent's clock minus ours when the heartbeat came; the way here is in it. */
  readonly clockOffsetMs: number;
};

type AgentArchive = Pick<Store, "saveAgent" | "listAgents" | "removeAgent">;

/** Milliseconds. */
export type AgentTimes = { readonly silentAfterMs: number; readonly forgetAfterMs: number };

type AgentsParts = {
  readonly clock: Clock;
  /** Whether what is old by the clock may be deleted now. */
  readonly isClockTrusted: () => boolean;
  readonly log: Logger;
};

/** The archive only needs to know roughly when an agent was last there. */
const saveEveryMs = 30_000;
/** A jump of an agent's clock of more than this between two heartbeats is told of. */
const clockJumpMs = 5_000;
/** An older heartbeat says nothing of the clocks as they are now. */
const offsetAgeMaxMs = 120_000;

/** The inventory: who is there, kept in memory and, less often, in the catalog. */
export class Agents {
  readonly #archive: AgentArchive;
  readonly #clock: Clock;
  readonly #isClockTrusted: () => boolean;
  readonly #log: Logger;
  readonly #times: AgentTimes;
  readonly #records = new Map<string, AgentRecord>();
  /** When each was saved, and heard, by this process, by the clock that does not jump. */
  readonly #savedMs = new Map<string, number>();
  readonly #heardMs = new Map<string, number>();
  readonly #heardRunMs = new Map<string, number>();
  #saving: Promise<void> = Promise.resolve();

  static async open(archive: AgentArchive, times: AgentTimes, parts: AgentsParts): Promise<Agents> {
    const agents = new Agents(archive, times, parts);
    for (const { heartbeat: json, lastSeenMs } of await archive.listAgents()) {
      // A newer version may have written fields that this one does not know.
      const heartbeat = fromJsonString(HeartbeatSchema, json, { ignoreUnknownFields: true });
      const record = { heartbeat, lastSeenMs, clockOffsetMs: heartbeat.nowMs - lastSeenMs };
      agents.#records.set(keyOf(record), record);
    }
    return agents;
  }

  private constructor(
    archive: AgentArchive,
    times: AgentTimes,
    { clock, isClockTrusted, log }: AgentsParts,
  ) {
    this.#archive = archive;
    this.#times = times;
    this.#clock = clock;
    this.#isClockTrusted = isClockTrusted;
    this.#log = log;
  }

  heard(heartbeat: Heartbeat): void {
    const now = this.#clock.now();
    const record = { heartbeat, lastSeenMs: now, clockOffsetMs: heartbeat.nowMs - now };
    const key = keyOf(record);
    const before = this.#records.get(key);
    const jump = record.clockOffsetMs - (before?.clockOffsetMs ?? record.clockOffsetMs);
    if (Math.abs(jump) > clockJumpMs)
      this.#log.warn("an agent's clock jumped", { agent: heartbeat.agent, by_ms: jump });
    this.#records.set(key, record);
    const heardMs = this.#clock.monotonic();
    this.#heardMs.set(key, heardMs);
    this.#heardRunMs.set(key, this.#runMs());
    // After the last heartbeat of an agent that stops there is no other one to save it with.
    const isTurn = before?.heartbeat.stopping !== heartbeat.stopping;
    if (!isTurn && heardMs - (this.#savedMs.get(key) ?? -Infinity) < saveEveryMs) return;
    this.#savedMs.set(key, heardMs);
    this.#saving = this.#saving.then(() => this.#save(record));
  }

  /** By name; only the one of that identity where it is not empty. */
  list(tenant: string, agent = ""): AgentRecord[] {
    if (agent !== "") return [this.#records.get(`${tenant}/${agent}`) ?? []].flat();
    return [...this.#records.values()]
      .filter((record) => record.heartbeat.tenant === tenant)
      .toSorted((a, b) => a.heartbeat.name.localeCompare(b.heartbeat.name));
  }

  all(): Iterable<AgentRecord> {
    return this.#records.values();
  }

  isLive(record: AgentRecord): boolean {
    const heardMs = this.#heardMs.get(keyOf(record));
    // Of the process before, whose clock may have been ahead.
    const silentMs =
      heardMs === undefined
        ? Math.abs(this.#clock.now() - record.lastSeenMs)
        : this.#clock.monotonic() - heardMs;
    return silentMs < this.#times.silentAfterMs;
  }

  /**
   * Clocks of agents on other machines minus this one as it is now, in milliseconds, of those heard in the last two minutes. A heartbeat was
   * compared with the clock as it was then: one that has jumped since must not be found right by it.
   */
  otherMachinesOffsets(): number[] {
    const runMs = this.#runMs();
    const nowMs = this.#clock.now();
    const boot = this.#clock.boot?.()?.id;
    return [...this.#records].flatMap(([key, { heartbeat, lastSeenMs, clockOffsetMs }]) => {
      const sinceMs = runMs - (this.#heardRunMs.get(key) ?? -Infinity);
      if (sinceMs > offsetAgeMaxMs) return [];
      const { boot_id: other } = heartbeat.facts;
      // Agents of versions that do not report the boot are known by the host's name.
      const isSame = other === undefined ? heartbeat.name === hostname() : other === boot;
      return isSame ? [] : [clockOffsetMs + lastSeenMs + sinceMs - nowMs];
    });
  }

  /** A clock that can't be set; includes the machine's sleep where the system reports it. */
  #runMs(): number {
    return this.#clock.boot?.()?.ms ?? this.#clock.monotonic();
  }

  /** Lets go of agents that were not heard of for very long. To be called while they could be heard. */
  forgetOld(): void {
    if (!this.#isClockTrusted()) return;
    const beforeMs = this.#clock.now() - this.#times.forgetAfterMs;
    for (const [key, record] of this.#records) {
      if (record.lastSeenMs >= beforeMs) continue;
      const { tenant, agent, name } = record.heartbeat;
      this.#log.info("an agent is forgotten", { agent, name, last_seen_ms: record.lastSeenMs });
      this.#records.delete(key);
      this.#savedMs.delete(key);
      this.#heardMs.delete(key);
      this.#heardRunMs.delete(key);
      this.#saving = this.#saving.then(() => this.#remove(tenant, agent));
    }
  }

  /** Waits for what is being saved. */
  async close(): Promise<void> {
    await this.#saving;
  }

  async #remove(tenant: string, agent: string): Promise<void> {
    try {
      await this.#archive.removeAgent({ tenant, agent });
    } catch (thrown) {
      // After the next start it is forgotten again.
      this.#log.warn("agent could not be forgotten", { agent, error: messageOf(thrown) });
    }
  }

  async #save(record: AgentRecord): Promise<void> {
    try {
      const { heartbeat, lastSeenMs } = record;
      const { tenant, agent, name } = heartbeat;
      const json = toJsonString(HeartbeatSchema, heartbeat);
      await this.#archive.saveAgent({ tenant, agent, name, heartbeat: json, lastSeenMs });
    } catch (thrown) {
      // The next heartbeat tries again; the inventory in memory is right.
      this.#log.warn("agent could not be saved", { error: messageOf(thrown) });
      this.#savedMs.delete(keyOf(record));
    }
  }
}

function keyOf({ heartbeat }: AgentRecord): string {
  return `${heartbeat.tenant}/${heartbeat.agent}`;
}
