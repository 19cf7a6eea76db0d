import { expect } from "bun:test";
import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { HeartbeatSchema } from "#proto/gen/v1/control_pb.js";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { AgentRecord } from "../agents.ts";
import type { Wanted } from "./rollout.ts";
import { RolloutEngine } from "./rollout_engine.ts";
import type { RolloutKind, WantedReleases } from "./rollout_kind.ts";
import { commandRollout, createRollout, listRollouts } from "./rollouts.ts";

export const release = { tenant: "default", kind: "test", name: "base" };
export const plan = { stages: ["1", "30%"], soak: "1m", apply_timeout: "2m", grace: "20s" };
const silentMs = 30_000;

/** Agents that do at once what they are told, unless they are made to do otherwise. */
export class Fleet implements RolloutKind {
  readonly kind = "test";
  readonly wanted = new Map<string, Wanted | undefined>();
  readonly running = new Map<string, Wanted | undefined>();
  readonly refusals = new Map<string, string>();
  /** Agents that are away, and revisions that are bad for whoever runs them. */
  readonly away = new Set<string>();
  readonly bad = new Map<string, MessageInitShape<typeof HeartbeatSchema>>();
  readonly deaf = new Set<string>();
  isConnected = true;
  nowMs = 1_000_000;
  #lastSeen = new Map<string, number>();
  #engine: RolloutEngine;
  readonly catalog: Catalog;
  readonly names: string[];
  audienceOf: (agent: string, revision: string) => boolean = () => true;

  constructor(catalog: Catalog, names: string[]) {
    this.catalog = catalog;
    this.names = names;
    this.#engine = this.#newEngine();
  }

  #newEngine(): RolloutEngine {
    return new RolloutEngine({
      catalog: this.catalog,
      tenant: "default",
      agents: {
        list: () => this.names.map((agent) => this.#record(agent)),
        isLive: ({ lastSeenMs }) => this.nowMs - lastSeenMs < silentMs,
      },
      kinds: [this],
      isConnected: () => this.isConnected,
      clock: { ...systemClock, now: () => this.nowMs },
      log: silentLogger,
    });
  }

  restartEngine(): void {
    this.#engine = this.#newEngine();
  }

  #record(agent: string): AgentRecord {
    const lastSeenMs = this.#lastSeen.get(agent) ?? 0;
    const troubles = this.bad.get(this.running.get(agent)?.revision ?? "") ?? {};
    const heartbeat = Object.assign(create(HeartbeatSchema, troubles), {
      tenant: "default",
      agent,
    });
    return { heartbeat, lastSeenMs, clockOffsetMs: 0 };
  }

  async audience(_name: string, revision: string) {
    return ({ heartbeat }: AgentRecord) => this.audienceOf(heartbeat.agent, revision);
  }

  async deliver(wanted: WantedReleases): Promise<void> {
    for (const agent of this.names) this.wanted.set(agent, wanted.of(agent, release.name));
  }

  report({ heartbeat: { agent } }: AgentRecord, _name: string, wanted: Wanted | undefined) {
    const reason = this.refusals.get(agent);
    if (reason !== undefined && wanted?.revision === "2")
      return { state: "failed", reason } as const;
    const isRunning = Bun.deepEquals(this.running.get(agent), wanted);
    return { state: isRunning ? "running" : "pending" } as const;
  }

  /** Lets so many seconds go by, 2 s a turn. */
  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds / 2; i++) {
      this.nowMs += 2_000;
      for (const agent of this.names) {
        if (this.away.has(agent)) continue;
        this.#lastSeen.set(agent, this.nowMs);
        if (!this.deaf.has(agent)) this.running.set(agent, this.wanted.get(agent));
      }
      await this.#engine.turn();
    }
  }

  async roll(revision: string, more: Record<string, unknown> = {}) {
    const by = { actor: "test", nowMs: this.nowMs };
    return createRollout(this.catalog, { ...release, revision }, { ...plan, ...more }, by);
  }

  command(command: Parameters<typeof commandRollout>[2]) {
    return commandRollout(this.catalog, release, command, { actor: "test", nowMs: this.nowMs });
  }

  async latest() {
    const [latest] = await listRollouts(this.catalog, release);
    if (latest === undefined) throw new Error("no rollout");
    return latest;
  }

  async state(): Promise<string> {
    return (await this.latest()).state;
  }

  /** How many agents are told to have each revision. */
  count(revision: string | undefined): number {
    return [...this.wanted.values()].filter((wanted) => wanted?.revision === revision).length;
  }

  async until(state: string, maxSeconds = 1_000): Promise<void> {
    for (let i = 0; i < maxSeconds && (await this.state()) !== state; i += 2) await this.pass(2);
    expect(await this.state()).toBe(state);
  }
}
