import { fromWireSignal } from "#proto/codec/envelope.ts";
import type { DecodedMetrics } from "#proto/codec/metrics.ts";
import type { Heartbeat } from "#proto/gen/v1/control_pb.js";
import type { Labels } from "#shared/model/labels.ts";
import type { LaneAccount } from "#shared/model/account.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { OwnData } from "../read/own_data.ts";
import type { AgentRecord, Agents } from "./agents.ts";
import { OwnSeries } from "../read/own_series.ts";

export type AgentSeriesParts = {
  readonly agents: Pick<Agents, "all" | "isLive" | "forgetOld">;
  readonly clock: Clock;
  /** Whether heartbeats can arrive at the moment. */
  readonly isListening: () => boolean;
  readonly intervalMs: number;
  readonly silentAfterMs: number;
};

const gauge = (name: string, help: string): MetricFamily => ({
  name,
  type: "gauge",
  help,
  unit: "",
});
const up = gauge("lapwing_agent_up", "1 while the agent tells of itself, 0 once it is gone.");
const seen = gauge(
  "lapwing_agent_last_heartbeat_timestamp_seconds",
  "When the agent told of itself last, by the aggregator's clock.",
);
const offset = gauge(
  "lapwing_agent_clock_offset_seconds",
  "The agent's clock minus the aggregator's, with the way of a message in it.",
);
const spool = gauge("lapwing_agent_spool_bytes", "What the agent's spool holds, of a signal.");
const targets = gauge("lapwing_agent_targets", "Scrape targets of the agent, by health.");
const collected: MetricFamily = {
  name: "lapwing_agent_collected_items_total",
  type: "counter",
  help: "Samples and log records that the agent collected, as its loss account has them.",
  unit: "",
};
const stored: MetricFamily = {
  name: "lapwing_agent_stored_items_total",
  type: "counter",
  help: "Samples and log records of the agent in committed blocks.",
  unit: "",
};
const dropped: MetricFamily = {
  name: "lapwing_agent_dropped_items_total",
  type: "counter",
  help: "Samples and log records that were dropped at the agent or the aggregator, by reason.",
  unit: "",
};
const families = [up, seen, offset, spool, targets, collected, stored, dropped];
const healths = ["up", "down", "unknown"];

/**
 * What the aggregator knows of its agents, as series: an agent that is gone can't say so itself. While nobody can be heard (at the start, and without
 * NATS) nothing is said of agents that were not heard, rather than that they are gone. docs/states.md.
 */
export class AgentSeries implements OwnData {
  readonly intervalMs: number;
  readonly #parts: AgentSeriesParts;
  readonly #series = new Map<string, OwnSeries>();
  #accounts: (tenant: string) => readonly LaneAccount[] = () => [];
  #toldMs = 0;
  /** Since when heartbeats could arrive without a break, by the monotonic clock; undefined while they can't. */
  #listeningSinceMs: number | undefined;

  constructor(parts: AgentSeriesParts) {
    this.#parts = parts;
    this.intervalMs = parts.intervalMs;
  }

  /** From now on the loss account is told, too: who keeps it is opened after this. */
  tellAccounts(accounts: (tenant: string) => readonly LaneAccount[]): void {
    this.#accounts = accounts;
  }

  due(nowMs: number): { readonly tenant: string; readonly data: { metrics: DecodedMetrics[] } }[] {
    const { agents, isListening, clock, silentAfterMs } = this.#parts;
    const atMs = Math.floor(nowMs / this.intervalMs) * this.intervalMs;
    // A clock that was set back does not stop the samples for long.
    if (atMs <= this.#toldMs && atMs >= this.#toldMs - 2 * this.intervalMs) return [];
    this.#toldMs = atMs;
    this.#listeningSinceMs = isListening()
      ? (this.#listeningSinceMs ?? clock.monotonic())
      : undefined;
    const isSure =
      this.#listeningSinceMs !== undefined &&
      clock.monotonic() - this.#listeningSinceMs >= silentAfterMs;
    if (isSure) agents.forgetOld();
    const tenants = new Set<string>();
    for (const record of agents.all()) {
      this.#add(record, isSure);
      tenants.add(record.heartbeat.tenant);
    }
    for (const tenant of tenants) this.#addAccounts(tenant);
    return Array.from(this.#series, ([tenant, series]) => ({
      tenant,
      data: { metrics: series.row(atMs) },
    }));
  }

  /** Nothing here outlives the process. */
  state(): [] {
    return [];
  }

  #add(record: AgentRecord, isSure: boolean): void {
    const { agents } = this.#parts;
    const { heartbeat, lastSeenMs, clockOffsetMs } = record;
    const isLive = agents.isLive(record);
    if (!isLive && !isSure) return;
    const series = this.#of(heartbeat.tenant);
    const base = labelsOf(heartbeat);
    const tell = ({ name }: MetricFamily, value: number, more: Labels = {}) =>
      series.set({ ...base, ...more, [metricNameLabel]: name }, value);
    tell(up, isLive ? 1 : 0);
    tell(seen, lastSeenMs / 1_000);
    // What it said last holds no more.
    if (!isLive) return;
    tell(offset, clockOffsetMs / 1_000);
    for (const { signal, spoolBytes } of heartbeat.lanes)
      tell(spool, spoolBytes, { signal: fromWireSignal(signal) ?? String(signal) });
    for (const health of healths) tell(targets, countOf(heartbeat, health), { health });
  }

  /** Of agents that are gone, too: what they collected stays so. */
  #addAccounts(tenant: string): void {
    const series = this.#of(tenant);
    const bases = new Map<string, Labels>();
    for (const { heartbeat } of this.#parts.agents.all()) {
      if (heartbeat.tenant === tenant) bases.set(heartbeat.agent, labelsOf(heartbeat));
    }
    for (const account of this.#accounts(tenant)) {
      const base = bases.get(account.agent);
      if (base === undefined) continue;
      const lane = { ...base, signal: account.signal };
      series.set({ ...lane, [metricNameLabel]: collected.name }, account.collected);
      series.set({ ...lane, [metricNameLabel]: stored.name }, account.stored);
      for (const [reason, count] of Object.entries(account.dropped)) {
        if (count > 0) series.set({ ...lane, reason, [metricNameLabel]: dropped.name }, count);
      }
    }
  }

  #of(tenant: string): OwnSeries {
    const known = this.#series.get(tenant);
    if (known !== undefined) return known;
    const series = new OwnSeries(families);
    this.#series.set(tenant, series);
    return series;
  }
}

/** The agent's own labels, those that metrics of its host have, and its identity. */
function labelsOf({ labels, name, agent }: Heartbeat): Labels {
  return { ...labels, instance: name, agent };
}

function countOf({ targetCounts }: Heartbeat, wanted: string): number {
  let sum = 0;
  for (const { health, count } of targetCounts) if (health === wanted) sum += count;
  return sum;
}
