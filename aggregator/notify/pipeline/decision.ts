import type { NotificationReason } from "#aggregator/channels/notification.ts";
import type { LogEntry } from "./notification_log.ts";

export type Situation = {
  /** Fingerprints of the alerts of the group that are not suppressed. */
  readonly firing: ReadonlySet<string>;
  readonly resolved: ReadonlySet<string>;
  readonly entry: LogEntry | undefined;
  readonly sendsResolved: boolean;
  readonly repeatIntervalMs: number;
  readonly nowMs: number;
};

/** Why a group is notified now, or undefined where there is no news (Alertmanager, notify/dedup_stage.go). */
export function reasonToNotify(situation: Situation): NotificationReason | undefined {
  const { firing, resolved, entry, sendsResolved, repeatIntervalMs, nowMs } = situation;
  if (entry === undefined) return firing.size > 0 ? "first notification" : undefined;
  if (!isSubset(firing, entry.firing))
    return entry.firing.length === 0 ? "first notification" : "new alerts added";
  // Also for those that send nothing of resolved alerts: the entry must not hold them as firing.
  if (firing.size === 0) return entry.firing.length > 0 ? "all alerts resolved" : undefined;
  if (sendsResolved && !isSubset(resolved, entry.resolved)) return "some alerts resolved";
  return entry.notifiedMs < nowMs - repeatIntervalMs ? "repeat interval elapsed" : undefined;
}

function isSubset(part: ReadonlySet<string>, whole: readonly string[]): boolean {
  return part.isSubsetOf(new Set(whole));
}
