import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { ResolutionReason } from "#proto/bus/resolution.ts";

/** Why an order, or a part of it, is not carried out. */
export type Refusal =
  | "requests_per_hour"
  | "exits_per_hour"
  | "samples_per_hour"
  | "orders_max"
  | "not_in_ring"
  | "bad_request";

export type AdaptiveState = {
  readonly ringBytes: number;
  readonly ringRows: number;
  /** Seconds. */
  readonly ringAge: number;
  readonly bands: number;
  readonly bandsRefused: number;
  readonly orders: number;
};

/** Own metrics; `state` is read when they are asked for. */
export function createAdaptiveMeters(metrics: SelfMetrics, state: () => AdaptiveState) {
  const counter = <Name extends string>(name: string, help: string, labels: readonly Name[]) =>
    metrics.counter(`lapwing_adaptive_${name}_total`, help, labels);
  const windows = counter("windows", "Windows of which a row was shipped.", []);
  const collected = counter("rows", "Rows that sources have read, shipped or not.", []);
  const triggers = counter("triggers", "Orders to ship finely, by who gave them.", ["reason"]);
  const shipped = counter("shipped_samples", "Samples shipped beside those of windows.", [
    "reason",
  ]);
  const refused = counter("refused", "Orders that were not carried out, or cut short.", ["reason"]);
  const evicted = counter("evicted_rows", "Rows that left the ring before their time.", ["cause"]);
  const gauge = (name: string, help: string) => metrics.gauge(`lapwing_adaptive_${name}`, help);
  const gauges = {
    ringBytes: gauge("ring_bytes", "Memory that the ring takes."),
    ringRows: gauge("ring_rows", "Rows in the ring."),
    ringAge: gauge("ring_age_seconds", "How far back the ring reaches."),
    bands: gauge("watched_series", "Series whose band is watched."),
    bandsRefused: gauge("refused_watched_series", "Series that there was no room to watch."),
    orders: gauge("orders", "Orders that are being carried out."),
  };
  metrics.onCollect(() => {
    const { ringBytes, ringRows, ringAge, bands, bandsRefused, orders } = state();
    gauges.ringBytes.set(ringBytes);
    gauges.ringRows.set(ringRows);
    gauges.ringAge.set(ringAge);
    gauges.bands.set(bands);
    gauges.bandsRefused.set(bandsRefused);
    gauges.orders.set(orders);
  });
  return {
    row: () => collected.inc(),
    window: () => windows.inc(),
    triggered: (reason: ResolutionReason) => triggers.inc({ reason }),
    shipped: (reason: ResolutionReason, samples: number) => shipped.inc({ reason }, samples),
    refused: (reason: Refusal) => refused.inc({ reason }),
    evicted: (rows: number) => evicted.inc({ cause: "ring_size" }, rows),
  };
}

export type AdaptiveMeters = ReturnType<typeof createAdaptiveMeters>;
