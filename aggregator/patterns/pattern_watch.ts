import type { LaneId } from "#proto/bus/agent_port.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { messageOf } from "#shared/errors.ts";
import { isOwn } from "../read/own_agent.ts";
import type { OwnData } from "../read/own_data.ts";
import type { Store, StoredPatterns } from "../read/store.ts";
import type { PatternsConfig } from "./config.ts";
import type { KnownPattern } from "./pattern_book.ts";
import type { EventKind } from "./pattern_events.ts";
import { TenantPatterns } from "./tenant_patterns.ts";

export type PatternWatchParts = {
  readonly store: Pick<Store, "patterns">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
};

/** Patterns of the log lines of all tenants, as they come in. */
export class PatternWatch implements OwnData {
  readonly intervalMs: number;
  readonly #config: PatternsConfig;
  readonly #clock: Clock;
  readonly #onEvent: (kind: EventKind, isStored: boolean) => void;
  readonly #tenants = new Map<string, TenantPatterns>();

  /** Reads what was committed. Throws what Store.patterns() throws. */
  static async open(config: PatternsConfig, parts: PatternWatchParts): Promise<PatternWatch> {
    return new PatternWatch(config, parts, config.enabled ? await parts.store.patterns() : []);
  }

  private constructor(
    config: PatternsConfig,
    { clock, log, metrics }: PatternWatchParts,
    stored: readonly StoredPatterns[],
  ) {
    this.intervalMs = config.interval;
    this.#config = config;
    this.#clock = clock;
    const events = metrics.counter(
      "lapwing_patterns_events_total",
      "Events of patterns of log lines: stored, or over the limit of events_per_hour.",
      ["kind", "outcome"],
    );
    this.#onEvent = (kind, isStored) =>
      events.inc({ kind, outcome: isStored ? "stored" : "over_limit" });
    const patterns = metrics.gauge("lapwing_patterns_known", "Patterns of log lines remembered.");
    const series = metrics.gauge("lapwing_patterns_series", "Series of patterns of log lines.");
    metrics.onCollect(() => {
      let [known, shown] = [0, 0];
      for (const tenant of this.#tenants.values()) {
        known += tenant.book.size;
        shown += tenant.seriesCount;
      }
      patterns.set(known);
      series.set(shown);
    });
    for (const { tenant, state, records } of stored)
      try {
        const known = new TenantPatterns(this.#partsOf(tenant), clock.now(), records, state);
        this.#tenants.set(tenant, known);
      } catch (thrown) {
        // Counters begin at zero again, and what is new is learned first: no reason not to start.
        log.warn("patterns are learned anew", { tenant, error: messageOf(thrown) });
      }
  }

  /** HeadOptions.onLogs. */
  arrived(lane: LaneId, batch: LogsBatch, isBacklog = false): void {
    if (!this.#config.enabled || isOwn(lane)) return;
    const { tenant } = lane;
    const nowMs = this.#clock.now();
    let patterns = this.#tenants.get(tenant);
    if (patterns === undefined) {
      patterns = new TenantPatterns(this.#partsOf(tenant), nowMs);
      this.#tenants.set(tenant, patterns);
    }
    patterns.arrived(batch, nowMs, isBacklog);
  }

  /** The pattern of a template's text, as far as it came lately. */
  find(tenant: string, templateText: string): KnownPattern | undefined {
    return this.#tenants.get(tenant)?.book.find(templateText);
  }

  due(nowMs: number) {
    return Array.from(this.#tenants, ([tenant, patterns]) => ({
      tenant,
      data: patterns.due(nowMs),
    }));
  }

  state() {
    return Array.from(this.#tenants.values()).flatMap((patterns) => patterns.state() ?? []);
  }

  #partsOf(tenant: string) {
    return { tenant, config: this.#config, onEvent: this.#onEvent };
  }
}
