import type { AlertmanagerConfig } from "#aggregator/notify/config/alertmanager_config.ts";
import {
  type VirtualNotification,
  notificationsOf,
} from "#aggregator/notify/virtual/virtual_notifier.ts";
import { relabelledAlerts } from "#aggregator/rules/alertmanagers/relabelled_alerts.ts";
import type { Episode } from "#aggregator/rules/backtest/backtest.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { RelabelRule } from "#shared/relabel/relabel_config.ts";
import { type NotificationsOfBacktest, notificationsMax } from "./backtest_schemas.ts";

export type RoutingParts = {
  readonly config: AlertmanagerConfig;
  readonly externalLabels: Labels;
  readonly relabelRules: readonly RelabelRule[];
};

export type Notified = {
  readonly notifications: NotificationsOfBacktest;
  /** By the place of an episode: who would have been notified that it fires, each once. */
  readonly receivers: ReadonlyMap<number, readonly string[]>;
};

/** Who would have been notified of alerts, by a configuration of the Alertmanager. What is sent before the start does not count. */
export async function notifiedOf(
  episodes: readonly Episode[],
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
  { config, externalLabels, relabelRules }: RoutingParts,
  signal: AbortSignal,
): Promise<Notified> {
  const fired = episodes.flatMap(({ labels, firedMs, endedMs }, place) =>
    firedMs === undefined
      ? []
      : [{ place, labels: { ...externalLabels, ...labels }, firedMs, endedMs }],
  );
  const sent = relabelledAlerts(fired, relabelRules);
  const all = await notificationsOf(sent, config, { endMs, signal });
  const counted = all.filter(({ atMs }) => atMs >= startMs);
  const receivers = new Map<number, Set<string>>();
  for (const { receiver, firing } of counted)
    for (const i of firing) {
      const place = sent[i]?.place ?? -1;
      receivers.set(place, (receivers.get(place) ?? new Set()).add(receiver));
    }
  return {
    notifications: shownNotifications(counted),
    receivers: new Map([...receivers].map(([place, names]) => [place, [...names].toSorted()])),
  };
}

function shownNotifications(sent: readonly VirtualNotification[]): NotificationsOfBacktest {
  const counts = Map.groupBy(sent, ({ receiver, integration }) => `${receiver}/${integration}`);
  const receivers = [...counts.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    return [{ receiver: first.receiver, integration: first.integration, count: same.length }];
  });
  return {
    count: sent.length,
    receivers: receivers.toSorted((a, b) => b.count - a.count),
    list: sent.slice(0, notificationsMax).map(({ atMs, firing, resolved, ...one }) => ({
      at: new Date(atMs).toISOString(),
      receiver: one.receiver,
      integration: one.integration,
      reason: one.reason,
      status: one.status,
      groupLabels: { ...one.groupLabels },
      firing: firing.length,
      resolved: resolved.length,
    })),
  };
}
