import type { Labels } from "#shared/model/labels.ts";
import type { DetailLink } from "#aggregator/channels/details.ts";
import type { NotifiedAlert, Notification } from "#aggregator/channels/notification.ts";

/** A link longer than this is left out: services cut it, or refuse the message. */
const urlLengthMax = 2_000;

/** Where people go on from a message: the runbook, the query, and forms that silence the alerts; a link changes nothing by itself. */
export function alertLinks(
  { commonAnnotations, commonLabels, alerts, externalUrl }: Notification,
  first: NotifiedAlert,
): DetailLink[] {
  const { runbook_url: runbook = "" } = { ...first.annotations, ...commonAnnotations };
  const labels = alerts.length === 1 ? first.labels : commonLabels;
  const hasLabels = Object.keys(labels).length > 0;
  const links = [
    ...(isWeb(runbook) ? [{ title: "Runbook", url: runbook }] : []),
    ...(isWeb(first.generatorUrl) ? [{ title: "Query", url: first.generatorUrl }] : []),
    // An acknowledgement is a short silence: the alert stays in sight, and no message repeats it.
    ...(hasLabels ? [{ title: "Acknowledge", url: silenceUrl(externalUrl, labels, "4h") }] : []),
    ...(hasLabels ? [{ title: "Silence", url: silenceUrl(externalUrl, labels, "1d") }] : []),
  ];
  return links.filter(({ url }) => isWeb(url) && url.length <= urlLengthMax);
}

function silenceUrl(externalUrl: string, labels: Labels, length: string): string {
  const matchers = Object.entries(labels)
    .map(([name, value]) => {
      const shown = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
      return `${shown}=${JSON.stringify(value)}`;
    })
    .join(", ");
  const query = new URLSearchParams({ tab: "silences", open: "new", matchers, for: length });
  return `${externalUrl}/alerts?${query}`;
}

function isWeb(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
