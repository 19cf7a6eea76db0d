import type { ShownAlert } from "./alert_groups.ts";

export type CausesOfAlerts = {
  /** Alerts that stand for themselves. */
  readonly shown: readonly ShownAlert[];
  /** By the key of an alert that is shown: those that it inhibits, also by way of others. */
  readonly inhibited: ReadonlyMap<string, readonly ShownAlert[]>;
};

/** Puts inhibited alerts under the alert that inhibits them, where that is among these. */
export function underCauses(alerts: readonly ShownAlert[]): CausesOfAlerts {
  const byFingerprint = new Map<string, ShownAlert>();
  for (const alert of alerts)
    if (alert.sent !== undefined) byFingerprint.set(alert.sent.fingerprint, alert);
  const shown: ShownAlert[] = [];
  const inhibited = new Map<string, ShownAlert[]>();
  for (const alert of alerts) {
    const cause = causeOf(alert, byFingerprint);
    if (cause === undefined) shown.push(alert);
    else inhibited.set(cause.key, [...(inhibited.get(cause.key) ?? []), alert]);
  }
  return { shown, inhibited };
}

/** The alert at the end of the chain that is not inhibited itself; undefined where there is none. */
function causeOf(
  alert: ShownAlert,
  byFingerprint: ReadonlyMap<string, ShownAlert>,
): ShownAlert | undefined {
  const seen = new Set<ShownAlert>();
  let at = alert;
  while (at.state === "inhibited") {
    if (seen.has(at)) return undefined;
    seen.add(at);
    const [next] = (at.sent?.inhibitedBy ?? []).flatMap((id) => byFingerprint.get(id) ?? []);
    if (next === undefined) return undefined;
    at = next;
  }
  return at === alert ? undefined : at;
}
