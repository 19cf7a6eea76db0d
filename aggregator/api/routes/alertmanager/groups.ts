import type { Context } from "hono";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { sameLabels } from "#shared/model/labels.ts";
import { type ReceivedAlert, isResolved } from "../../../notify/pipeline/alert.ts";
import type { AlertGroup } from "../../../notify/pipeline/alert_group.ts";
import { compareLabelSets } from "../../../notify/routing/label_sets.ts";
import { type AlertStatus, alertJson, isSuppressed, statusOf } from "./alert_json.ts";
import { flag, matchersOf, matchesFilter } from "./parameters.ts";
import type { AlertmanagerRouteParts } from "./parts.ts";

export type AlertFilter = (alert: ReceivedAlert, status: AlertStatus) => boolean;

/** `filter`, `active`, `silenced` and `inhibited` of a request. */
export function alertFilter(c: Context): AlertFilter {
  const matchers = matchersOf(c, "filter");
  const [active, silenced, inhibited] = [
    flag(c, "active"),
    flag(c, "silenced"),
    flag(c, "inhibited"),
  ];
  return ({ labels }, status) =>
    matchesFilter(matchers, labels) &&
    (active || isSuppressed(status)) &&
    (silenced || status.silencedBy.length === 0) &&
    (inhibited || status.inhibitedBy.length === 0);
}

/** Groups by their labels, with the alerts that the request asks for. */
export async function groupsAnswer(
  c: Context,
  { alertmanager, now }: AlertmanagerRouteParts,
  isWantedReceiver: (receiver: string) => boolean,
): Promise<unknown[]> {
  const isWanted = alertFilter(c);
  const showsMuted = flag(c, "muted");
  const receivers = new Map<string, Set<string>>();
  const found: { readonly group: AlertGroup; readonly alerts: Shown[] }[] = [];
  for (const group of alertmanager.pipeline.groups) {
    const { receiver } = group.route;
    if (!isWantedReceiver(receiver)) continue;
    const alerts: Shown[] = [];
    for (const alert of group.alerts) {
      if (isTurnOver()) await nextTurn();
      const status = statusOf(alertmanager, alert.labels, now());
      if (isResolved(alert, now()) || !isWanted(alert, status)) continue;
      alerts.push({ alert, status });
      const known = receivers.get(alert.fingerprint) ?? new Set();
      receivers.set(alert.fingerprint, known.add(receiver));
    }
    if (alerts.length > 0 && (showsMuted || group.mutedBy.length === 0))
      found.push({ group, alerts });
  }
  return found
    .toSorted((a, b) => compareGroups(a.group, b.group))
    .map(({ group, alerts }) => ({
      alerts: alerts.map(({ alert, status }) => {
        const of = [...(receivers.get(alert.fingerprint) ?? [])].toSorted();
        return alertJson(alert, status, of, group.mutedBy);
      }),
      labels: group.labels,
      receiver: { name: group.route.receiver },
      routeLabels: alertmanager.routeLabels(group),
    }));
}

type Shown = { readonly alert: ReceivedAlert; readonly status: AlertStatus };

function compareGroups(a: AlertGroup, b: AlertGroup): number {
  if (!sameLabels(a.labels, b.labels)) return compareLabelSets(a.labels, b.labels);
  if (a.route.receiver === b.route.receiver) return 0;
  return a.route.receiver < b.route.receiver ? -1 : 1;
}
