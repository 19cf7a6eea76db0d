import type { Labels } from "#shared/model/labels.ts";
import type { Note } from "./note.ts";

/** No end, as Alertmanager writes it. */
const never = "0001-01-01T00:00:00Z";

/**
 * The body of Alertmanager's webhooks, version 4 (notify/webhook, template.Data). An agent has no interface that others could open, so the
 * addresses in it are empty.
 */
export function messageOf(receiver: string, alert: string, notes: readonly Note[]) {
  const alerts = notes.map((note) => ({
    status: note.status,
    labels: note.labels,
    annotations: note.annotations,
    startsAt: timeOf(note.startsMs),
    endsAt: note.endsMs === 0 ? never : timeOf(note.endsMs),
    generatorURL: "",
    fingerprint: note.fingerprint,
  }));
  return {
    version: "4",
    groupKey: `{}:{alertname=${JSON.stringify(alert)}}`,
    truncatedAlerts: 0,
    receiver,
    status: alerts.some(({ status }) => status === "firing") ? "firing" : "resolved",
    alerts,
    groupLabels: { alertname: alert },
    commonLabels: common(notes.map(({ labels }) => labels)),
    commonAnnotations: common(notes.map(({ annotations }) => annotations)),
    externalURL: "",
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function common([first = {}, ...rest]: readonly Labels[]): Labels {
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => rest.every((one) => one[name] === value)),
  );
}
