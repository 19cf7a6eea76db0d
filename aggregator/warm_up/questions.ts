import { fromMs, untilMs } from "./sample_store.ts";

/** What dashboards ask, as paths with their parameters; steps in seconds. */
export const questions: readonly string[] = [
  range(60, 'warm_gauge_0{instance="warm-0:9100"}'),
  range(15, "rate(warm_cpu_seconds_total[5m])"),
  range(15, "topk(2, sum by (instance) (rate(warm_cpu_seconds_total[5m])))"),
  range(15, '1 - avg by (instance) (rate(warm_cpu_seconds_total{mode="idle"}[5m]))'),
  range(15, "sum by (instance) (rate(warm_received_bytes_total[5m])) / on (instance) warm_gauge_1"),
  range(15, "histogram_quantile(0.9, sum by (le) (rate(warm_duration_seconds_bucket[5m])))"),
  range(15, "rate(warm_busy_seconds_total[5m]) > 0"),
  range(15, "max by (job) (max_over_time(warm_gauge_2[10m]))"),
  range(300, 'count({job="warm"})'),
  range(300, 'count by (instance) ({__name__=~"warm_gauge_.*"})'),
  instant("sum by (instance) (increase(warm_received_bytes_total[10m]))"),
];

function range(step: number, query: string): string {
  const times = { start: seconds(fromMs), end: seconds(untilMs), step: String(step) };
  return `/query_range?${new URLSearchParams({ query, ...times }).toString()}`;
}

function instant(query: string): string {
  return `/query?${new URLSearchParams({ query, time: seconds(untilMs - 1) }).toString()}`;
}

function seconds(ms: number): string {
  return String(ms / 1_000);
}
