import type { Signal } from "#shared/signals.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import {
  type AgentFeed,
  fedSignals,
  type FedSignal,
  type MissingAgent,
} from "../../read/missing_agent.ts";
import type { AgentRecord, Agents } from "../agents.ts";
import { type AgentFeeds, joinedFeeds } from "./agent_feeds.ts";
import type { FeedArchive } from "./feed_archive.ts";

type Lag = { readonly behindMs: number; readonly backlogItems: number };

type Parts = {
  readonly tenant: string;
  readonly clock: Clock;
  readonly agents: Pick<Agents, "all" | "isLive">;
  readonly feeds: AgentFeeds;
  readonly archive: Pick<FeedArchive, "read">;
  readonly lag: (agent: string, signal: Signal, nowMs: number) => Lag;
};

/** A look at all agents counts for so long. */
const lookEveryMs = 1_000;

/** Since when an agent is missing, and when it came back by the clock that does not jump. */
type Absence = {
  readonly sinceMs: number;
  readonly signals: readonly FedSignal[];
  readonly backMs: number | undefined;
};

export type MissingLimits = {
  readonly lateAfterMs: number;
  /** An agent that is missing for longer is taken to be gone for good. */
  readonly giveUpAfterMs: number;
};

/**
 * Agents that have sent data, and whose newer data have not arrived. One that stopped on purpose is not missing, unless it had more to send
 * than the last moment's. One that is back counts as late for a while more: until it has sent
 * data, and all its series had the time to have new samples.
 */
export class MissingAgents {
  readonly #parts: Parts;
  #absent = new Map<string, Absence>();
  #lookedMs = -Infinity;
  #found: readonly MissingAgent[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  list(limits: MissingLimits): readonly MissingAgent[] {
    const { clock, agents, tenant } = this.#parts;
    const runMs = clock.monotonic();
    if (runMs - this.#lookedMs < lookEveryMs) return this.#found;
    this.#lookedMs = runMs;
    const found: MissingAgent[] = [];
    const absent = new Map<string, Absence>();
    for (const record of agents.all()) {
      if (record.heartbeat.tenant !== tenant) continue;
      const { agent, name } = record.heartbeat;
      const one = this.#look(record, limits);
      if (one === undefined) continue;
      absent.set(agent, one.absence);
      const { sinceMs, signals } = one.absence;
      if (clock.now() - sinceMs < limits.giveUpAfterMs)
        found.push({ agent, name, reason: one.reason, sinceMs, signals });
    }
    this.#absent = absent;
    this.#found = found;
    return found;
  }

  /** Whether all that an agent has collected while it was missing is here, as of the last look. */
  hasArrived(agent: string): boolean {
    const nowMs = this.#parts.clock.now();
    if (this.#absent.has(agent)) return false;
    return fedSignals.every((signal) => this.#parts.lag(agent, signal, nowMs).backlogItems === 0);
  }

  /** What an agent sends, also what it sent before the start of this process, with an index. */
  async feedOf(agent: string): Promise<AgentFeed | undefined> {
    const feed = await this.#feedOf(agent);
    await feed?.index();
    return feed;
  }

  async #feedOf(agent: string): Promise<AgentFeed | undefined> {
    const { feeds, archive } = this.#parts;
    const own = feeds.of(agent);
    if (own !== undefined && feeds.isSettled(agent)) return own;
    const before = await archive.read(agent);
    return own === undefined || before === undefined ? (own ?? before) : joinedFeeds(own, before);
  }

  #look(
    record: AgentRecord,
    { lateAfterMs }: MissingLimits,
  ): { readonly absence: Absence; readonly reason: MissingAgent["reason"] } | undefined {
    const { clock, agents, lag } = this.#parts;
    const { agent, stopping: isStopped } = record.heartbeat;
    // Of an agent that stopped it counts how late its data were then.
    const nowMs = isStopped ? record.lastSeenMs : clock.now();
    const before = this.#absent.get(agent);
    if (!isStopped && !agents.isLive(record)) {
      const sinceMs = before?.sinceMs ?? record.lastSeenMs;
      return { reason: "silent", absence: { sinceMs, signals: fedSignals, backMs: undefined } };
    }
    const lags = fedSignals.map((signal) => ({ signal, ...lag(agent, signal, nowMs) }));
    const late = lags.filter(({ behindMs }) => behindMs > lateAfterMs);
    if (late.length > 0) {
      const sinceMs = before?.sinceMs ?? nowMs - Math.max(...late.map(({ behindMs }) => behindMs));
      const known = before?.signals ?? [];
      const signals = fedSignals.filter(
        (one) => known.includes(one) || late.some(({ signal }) => signal === one),
      );
      return { reason: "late", absence: { sinceMs, signals, backMs: undefined } };
    }
    if (isStopped || before === undefined || this.#hasSettled(agent, before, lateAfterMs))
      return undefined;
    const backMs = before.backMs ?? clock.monotonic();
    return { reason: "late", absence: { ...before, backMs } };
  }

  #hasSettled(agent: string, { backMs }: Absence, lateAfterMs: number): boolean {
    if (backMs === undefined) return false;
    const { clock, feeds } = this.#parts;
    return clock.monotonic() - backMs > lateAfterMs && feeds.seenMs(agent) > backMs;
  }
}
