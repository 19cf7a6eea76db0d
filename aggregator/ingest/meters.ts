import type { Counter } from "prom-client";
import type { Signal, Signals } from "#shared/signals.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { Head } from "../read/head.ts";
import type { Offered } from "./chain.ts";
import { signalsOf } from "./intakes.ts";
import { type Lanes, accountOf } from "./lanes.ts";

/** Our own metrics of ingest; gauges and account are read when they are scraped. */
export class IngestMeters {
  readonly offered: (signal: Signal, offered: Offered) => void;
  readonly quarantined: (fault: string) => void;
  readonly flushed: (seconds: number, items: number) => void;
  readonly flushFailed: (code: string) => void;

  constructor(metrics: SelfMetrics, lanes: Lanes, head: Head) {
    const frames = metrics.counter(
      "lapwing_ingest_frames_total",
      "Frames by what became of them.",
      ["signal", "outcome"],
    );
    const bad = metrics.counter(
      "lapwing_ingest_quarantined_frames_total",
      "Frames set aside because they can't be read.",
      ["fault"],
    );
    const items = metrics.counter(
      "lapwing_ingest_committed_items_total",
      "Items in committed blocks.",
    );
    const seconds = metrics.histogram(
      "lapwing_ingest_flush_seconds",
      "Time to turn the head into committed blocks.",
      [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    );
    const failures = metrics.counter(
      "lapwing_ingest_flush_failures_total",
      "Flushes that failed, and are tried again.",
      ["code"],
    );
    const signals = signalsOf(head);
    this.offered = countedUntilRead(metrics, frames, signals);
    this.quarantined = (fault) => bad.inc({ fault });
    this.flushed = (took, count) => {
      seconds.observe(took);
      items.inc(count);
    };
    this.flushFailed = (code) => failures.inc({ code });
    measureHead(metrics, head);
    measureAccount(metrics, lanes, signals);
  }
}

/** Frames are counted here, and told to the counter when it is read: at full load they are thousands a second. */
function countedUntilRead(
  metrics: SelfMetrics,
  frames: Counter<"signal" | "outcome">,
  signals: Signals,
): (signal: Signal, outcome: Offered) => void {
  const counts = signals.map(() => new Map<Offered, number>());
  metrics.onCollect(() => {
    for (const signal of counts.names) {
      for (const [outcome, count] of counts.of(signal)) frames.inc({ signal, outcome }, count);
      counts.of(signal).clear();
    }
  });
  return (signal, outcome) => {
    const own = counts.of(signal);
    own.set(outcome, (own.get(outcome) ?? 0) + 1);
  };
}

function measureHead(metrics: SelfMetrics, head: Head): void {
  const size = metrics.gauge("lapwing_head_items", "Items in the head.", ["signal"]);
  const series = metrics.gauge("lapwing_head_series", "Series in the head.");
  const bytes = metrics.gauge("lapwing_head_bytes", "Estimated size of the head.");
  metrics.onCollect(() => {
    const now = head.size();
    for (const [signal, count] of now.items.entries) size.set({ signal }, count);
    series.set(now.series);
    bytes.set(now.bytes);
  });
}

function measureAccount(metrics: SelfMetrics, lanes: Lanes, signals: Signals): void {
  const names = ["agent", "signal"] as const;
  const collected = metrics.gauge("lapwing_account_collected_items", "Items collected.", names);
  const stored = metrics.gauge("lapwing_account_stored_items", "Items in blocks.", names);
  const inFlight = metrics.gauge(
    "lapwing_account_in_flight_items",
    "Items collected that are neither stored nor dropped yet.",
    names,
  );
  const dropped = metrics.gauge("lapwing_account_dropped_items", "Items dropped, by reason.", [
    ...names,
    "reason",
  ]);
  const backlog = metrics.gauge(
    "lapwing_account_backlog_items",
    "Of items in flight: what an outage left, which comes beside what is new.",
    names,
  );
  const backlogAge = metrics.gauge(
    "lapwing_account_backlog_age_seconds",
    "How old the oldest item of the backlog is, as far as known; 0 without one.",
    names,
  );
  const behind = metrics.gauge("lapwing_ingest_held_frames", "Frames that wait for a gap.", [
    "signal",
  ]);
  metrics.onCollect(() => {
    const held = signals.map(() => ({ frames: 0 }));
    for (const lane of lanes.all()) {
      held.of(lane.id.signal).frames += lane.heldFrames;
      const account = accountOf(lane);
      const labels = { agent: account.agent, signal: account.signal };
      collected.set(labels, account.collected);
      stored.set(labels, account.stored);
      inFlight.set(labels, account.inFlight);
      for (const [reason, count] of Object.entries(account.dropped))
        dropped.set({ ...labels, reason }, count);
      backlog.set(labels, lane.backlogItems);
      backlogAge.set(labels, lane.backlogMs(Date.now()) / 1_000);
    }
    for (const signal of held.names) behind.set({ signal }, held.of(signal).frames);
  });
}
