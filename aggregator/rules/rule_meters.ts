import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { GroupEvaluation } from "./group_evaluation.ts";
import type { RuleGroup } from "./rule.ts";

/** What groups of rules count: Prometheus's `prometheus_rule_*`, by group. */
export class RuleMeters {
  readonly #evaluations;
  readonly #failures;
  readonly #iterations;
  readonly #missed;
  readonly #isRead;
  readonly #readAt;
  readonly #learned;

  constructor(metrics: SelfMetrics, evaluations: () => readonly GroupEvaluation[]) {
    const labels = ["file", "rule_group"] as const;
    this.#evaluations = metrics.counter(
      "lapwing_rule_evaluations_total",
      "Evaluations of rules.",
      labels,
    );
    this.#failures = metrics.counter(
      "lapwing_rule_evaluation_failures_total",
      "Evaluations of rules that failed: the rule keeps its state.",
      labels,
    );
    this.#iterations = metrics.counter(
      "lapwing_rule_group_iterations_total",
      "Evaluations of groups that were due, missed ones included.",
      labels,
    );
    this.#missed = metrics.counter(
      "lapwing_rule_group_iterations_missed_total",
      "Evaluations of groups that were left out because the one before took too long.",
      labels,
    );
    this.#isRead = metrics.gauge(
      "lapwing_rules_last_reload_successful",
      "1 where the files of rules are in force, 0 where they have a mistake and those of before are.",
    );
    this.#readAt = metrics.gauge(
      "lapwing_rules_last_reload_success_timestamp_seconds",
      "When the files of rules were read last without a mistake.",
    );
    this.#learned = metrics.counter(
      "lapwing_rule_learned_alerts_total",
      "Alerts that fired, as only late data have shown.",
      labels,
    );
    const took = metrics.gauge(
      "lapwing_rule_group_last_duration_seconds",
      "How long the last evaluation of a group took.",
      labels,
    );
    const interval = metrics.gauge(
      "lapwing_rule_group_interval_seconds",
      "How often a group is evaluated.",
      labels,
    );
    const rules = metrics.gauge("lapwing_rule_group_rules", "Rules of a group.", labels);
    const alerts = metrics.gauge("lapwing_alerts", "Alerts that are pending or firing.", ["state"]);
    const unknown = metrics.gauge(
      "lapwing_rules_unknown",
      "Alerting rules that are unknown because data of agents are missing.",
    );
    metrics.onCollect(() => {
      let unknowns = 0;
      for (const gauge of [took, interval, rules]) gauge.reset();
      const counts = { pending: 0, firing: 0 };
      for (const { group, tookMs, rules: states } of evaluations()) {
        const of = labelsOf(group);
        took.set(of, tookMs / 1_000);
        interval.set(of, group.intervalMs / 1_000);
        rules.set(of, states.length);
        for (const { alerting, missing } of states)
          if (alerting !== undefined && missing !== undefined) unknowns++;
        for (const { alerting } of states)
          for (const { state } of alerting?.active ?? []) if (state !== "inactive") counts[state]++;
      }
      unknown.set(unknowns);
      alerts.set({ state: "pending" }, counts.pending);
      alerts.set({ state: "firing" }, counts.firing);
    });
  }

  evaluated(group: RuleGroup): void {
    this.#evaluations.inc(labelsOf(group));
  }

  failed(group: RuleGroup): void {
    this.#failures.inc(labelsOf(group));
  }

  iterated(group: RuleGroup, missed: number): void {
    this.#iterations.inc(labelsOf(group), 1 + missed);
    if (missed > 0) this.#missed.inc(labelsOf(group), missed);
  }

  learned(group: RuleGroup, alerts: number): void {
    this.#learned.inc(labelsOf(group), alerts);
  }

  wasRead(isGood: boolean, nowMs: number): void {
    this.#isRead.set(isGood ? 1 : 0);
    if (isGood) this.#readAt.set(nowMs / 1_000);
  }
}

function labelsOf({ file, name }: RuleGroup): { file: string; rule_group: string } {
  return { file, rule_group: name };
}
