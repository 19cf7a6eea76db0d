import type { ProtoMetricFamily } from "#shared/runtime/metric_families.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { type Drops, dropReasonOf } from "#shared/model/account.ts";
import type { Signal } from "#shared/signals.ts";
import { version } from "#shared/version.ts";
import type { SourceReport } from "../collect/collector.ts";
import type { TargetReport } from "../collect/target_report.ts";
import type { InstanceReport } from "../integrations/report.ts";
import type { SpoolConfig } from "../spool/config.ts";
import type { Spool } from "../spool/spool.ts";
import type { ReachStatus } from "../uplink/reach.ts";
import { spoolStatus } from "./spool_status.ts";
import type { AgentStatus, LocalRulesStatus } from "./status.ts";

export type DescribedParts = {
  readonly name: string;
  readonly startedMs: number;
  readonly nowMs: number;
  readonly spool: Spool;
  readonly spoolConfig: Pick<SpoolConfig, "size_max" | "age_max">;
  readonly metrics: Pick<SelfMetrics, "families">;
  readonly reach: ReachStatus;
  readonly targets: readonly TargetReport[];
  readonly sources: readonly SourceReport[];
  readonly integrations: readonly InstanceReport[];
  readonly receivers: readonly string[];
  readonly rules: LocalRulesStatus;
  readonly recentLog: readonly string[];
};

const targetsMax = 100;
const instancesMax = 100;
const sourcesMax = 200;
/** Reasons for which items leave the spool that were in it. */
const spoolReasons: ReadonlySet<string> = new Set(["spool_full", "spool_expired", "spool_corrupt"]);

/** The agent's status as its command and its page show it. */
export async function describeAgent(parts: DescribedParts): Promise<AgentStatus> {
  const { spool, nowMs, targets, reach } = parts;
  const families = await parts.metrics.families();
  const health = { up: 0, down: 0, unknown: 0, dropped: 0 };
  for (const target of targets) health[target.health]++;
  return {
    agent: spool.agent,
    name: parts.name,
    version,
    startedMs: parts.startedMs,
    nowMs,
    aggregator: { ...reach, clockOffsetMs: reach.clockOffsetMs ?? null },
    spool: await spoolStatus(
      spool,
      parts.spoolConfig,
      (signal) => lostFromSpool(families, signal),
      nowMs,
    ),
    targets: { ...health, shown: shownTargets(targets) },
    sources: parts.sources
      .toSorted((a, b) => Number(a.state === "running") - Number(b.state === "running"))
      .slice(0, sourcesMax)
      .map(({ type, state, message, items }) => ({ type, state, message, items })),
    integrations: parts.integrations
      .slice(0, instancesMax)
      .map(({ integration, title, instance, state, lastError }) => ({
        integration,
        title,
        instance,
        state,
        lastError,
      })),
    receivers: parts.receivers.map((type) => ({
      type,
      items: sumOf(families, "lapwing_receiver_items_total", "receiver", type),
    })),
    rules: parts.rules,
    recentLog: [...parts.recentLog],
  };
}

const healthOrder = ["down", "dropped", "unknown", "up"];

function shownTargets(targets: readonly TargetReport[]): AgentStatus["targets"]["shown"] {
  return (
    targets
      // What relabelling leaves out by intent is counted only.
      .filter(({ health, lastError }) => health !== "dropped" || lastError !== "")
      .toSorted((a, b) => healthOrder.indexOf(a.health) - healthOrder.indexOf(b.health))
      .slice(0, targetsMax)
      .map(({ pool, labels, url, health, lastError, lastScrapeMs }) => ({
        pool,
        instance: labels["instance"] ?? "",
        url,
        health,
        lastError,
        lastScrapeMs,
      }))
  );
}

function lostFromSpool(families: readonly ProtoMetricFamily[], signal: Signal): Drops {
  const lost: Drops = {};
  for (const { label = [], counter } of metricsOf(families, "lapwing_spool_dropped_items_total")) {
    const labels = new Map(label.map(({ name, value }) => [name, value]));
    const reason = dropReasonOf(labels.get("reason") ?? "");
    if (reason === undefined || labels.get("signal") !== signal) continue;
    if (spoolReasons.has(reason)) lost[reason] = Number(counter?.value ?? 0);
  }
  return lost;
}

function sumOf(
  families: readonly ProtoMetricFamily[],
  name: string,
  label: string,
  value: string,
): number {
  return metricsOf(families, name)
    .filter((metric) => metric.label?.some((one) => one.name === label && one.value === value))
    .reduce((sum, { counter }) => sum + Number(counter?.value ?? 0), 0);
}

function metricsOf(families: readonly ProtoMetricFamily[], name: string) {
  return families.find((family) => family.name === name)?.metric ?? [];
}
