import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { AlertingState } from "../alerting.ts";
import { type BacktestParts, type Episode, backtest } from "../backtest/backtest.ts";
import type { RuleGroup } from "../rule.ts";

/** Evaluations of one span; a longer one is evaluated less often. */
const stepsMax = { promql: 5_000, logql: 5_000, sql: 200 } as const;

export type LateAlerts = {
  /** Those that fired and were not known to. */
  readonly fired: readonly Episode[];
  /** Those that are pending now, and for longer than was known. */
  readonly pending: readonly Episode[];
};

/**
 * What a rule would have done since a time (Unix milliseconds) over the data that are here now, as far as its alerts do not show it. Only
 * for alerts that `isAsked` takes. Throws as backtest() does.
 */
export async function lateAlerts(
  state: AlertingState,
  group: RuleGroup,
  { sinceMs, nowMs }: { readonly sinceMs: number; readonly nowMs: number },
  isAsked: (labels: Labels) => boolean,
  parts: BacktestParts,
): Promise<LateAlerts> {
  const { intervalMs } = group;
  const times = Math.max(
    1,
    Math.ceil((nowMs - sinceMs) / intervalMs / stepsMax[state.rule.language]),
  );
  const asked = { ...group, intervalMs: intervalMs * times };
  const range = { startMs: sinceMs, endMs: nowMs };
  const { episodes } = await backtest(state.rule, asked, range, parts);
  const active = new Map(state.active.map((alert) => [labelsKey(alert.labels), alert]));
  const some = episodes.filter(({ labels }) => isAsked(labels));
  return {
    fired: some.filter(({ labels, firedMs }) => {
      if (firedMs === undefined || firedMs < sinceMs) return false;
      // Evaluations and those of the backtest are up to an interval apart.
      const knownMs = active.get(labelsKey(labels))?.firedMs ?? Infinity;
      return knownMs > firedMs + asked.intervalMs;
    }),
    pending: some.filter(({ firedMs, endedMs }) => firedMs === undefined && endedMs === undefined),
  };
}
