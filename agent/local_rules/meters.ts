import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { SeriesStore } from "./series_store.ts";

export type RuleMeters = ReturnType<typeof createRuleMeters>;
type AlertCount = {
  readonly rule: string;
  readonly state: "pending" | "firing";
  readonly count: number;
};

/** Our own metrics of local rules. */
export function createRuleMeters(
  metrics: SelfMetrics,
  store: Pick<SeriesStore, "seriesCount" | "counts">,
  alerts: () => readonly AlertCount[],
) {
  const prefix = "lapwing_agent_rule";
  const states = metrics.gauge(`${prefix}_alerts`, "Alerts of a local rule, by state.", [
    "rule",
    "state",
  ]);
  const series = metrics.gauge(`${prefix}_series`, "Series that local rules look at.");
  const refused = metrics.gauge(
    `${prefix}_refused_series`,
    "Times that local rules had no room for a series, since the start.",
  );
  const cut = metrics.gauge(
    `${prefix}_cut_samples`,
    "Samples that local rules forgot before the end of their range, for want of room, since the start.",
  );
  metrics.onCollect(() => {
    states.reset();
    for (const { rule, state, count } of alerts()) states.set({ rule, state }, count);
    series.set(store.seriesCount);
    refused.set(store.counts.refusedSeries);
    cut.set(store.counts.cutSamples);
  });
  return {
    evaluations: metrics.counter(`${prefix}_evaluations_total`, "Evaluations of a local rule.", [
      "rule",
    ]),
    failures: metrics.counter(
      `${prefix}_evaluation_failures_total`,
      "Evaluations of a local rule that failed: its alerts stay as they were.",
      ["rule"],
    ),
    notifications: metrics.counter(
      `${prefix}_notified_alerts_total`,
      "Alerts by receiver of notifications and outcome; failed ones are tried again, unless they are dropped, too.",
      ["receiver", "outcome"],
    ),
  };
}
