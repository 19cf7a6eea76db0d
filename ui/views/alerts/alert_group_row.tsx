import { useState } from "react";
import { Ago } from "../../elements/ago.tsx";
import { Icon, type IconName } from "../../elements/icon.tsx";
import {
  ownLabels,
  summaryOf,
  toneOf,
  type AlertGroup,
  type AlertState,
  type ShownAlert,
} from "./alert_groups.ts";

/** Alerts of one name that are listed without being asked for, and at most. */
const [openMax, listedMax] = [5, 200];

const stateIcons: Readonly<Record<AlertState, IconName>> = {
  firing: "warning",
  pending: "clock",
  silenced: "silent",
  inhibited: "minus",
  muted: "pause",
};

/** State of an alert, with its colour, an icon and the word. */
export function AlertStateWord(alert: Pick<ShownAlert, "state" | "severity">) {
  return (
    <span className={`state ${toneOf(alert)}`}>
      <Icon name={stateIcons[alert.state]} />
      {alert.state}
    </span>
  );
}

type Props = {
  readonly group: AlertGroup;
  readonly nowMs: number;
  readonly onOpen: (key: string) => void;
};

/** One name, its worst state, and below it each of its alerts. */
export function AlertGroupRow({ group, nowMs, onOpen }: Props) {
  const { name, severity, alerts, sinceMs, summary } = group;
  const [isOpen, setOpen] = useState(alerts.length <= openMax);
  const only = alerts.length === 1 ? alerts[0] : undefined;
  const left = alerts.length - listedMax;
  return (
    <li className={`alert-group ${toneOf(group)}`}>
      <button
        type="button"
        className="alert-group-head"
        aria-expanded={only === undefined ? isOpen : undefined}
        onClick={() => (only === undefined ? setOpen(!isOpen) : onOpen(only.key))}
      >
        <AlertStateWord {...group} />
        <strong className="clip" title={name}>
          {name === "" ? "(no name)" : name}
        </strong>
        {severity !== "" && <span className="alert-severity">{severity}</span>}
        {alerts.length > 1 && <span className="quiet">{alerts.length} alerts</span>}
        <span className="quiet clip alert-summary" title={summary}>
          {summary}
        </span>
        <Ago className="quiet" ms={sinceMs} nowMs={nowMs} />
        {only === undefined && <Icon name={isOpen ? "up" : "down"} />}
        {only !== undefined && <OwnLabels alert={only} group={group} />}
      </button>
      {only === undefined && isOpen && (
        <ul>
          {alerts.slice(0, listedMax).map((alert) => (
            <AlertRow key={alert.key} {...{ alert, group, nowMs, onOpen }} />
          ))}
          {left > 0 && <li className="quiet alert-more">and {left} more: filter to find them</li>}
        </ul>
      )}
    </li>
  );
}

function AlertRow({
  alert,
  group,
  nowMs,
  onOpen,
}: {
  readonly alert: ShownAlert;
  readonly group: AlertGroup;
  readonly nowMs: number;
  readonly onOpen: (key: string) => void;
}) {
  return (
    <li>
      <button type="button" className="alert-row" onClick={() => onOpen(alert.key)}>
        <AlertStateWord {...alert} />
        <OwnLabels alert={alert} group={group} />
        <Ago className="quiet" ms={alert.sinceMs} nowMs={nowMs} />
      </button>
    </li>
  );
}

/** What distinguishes an alert from the others of its group. */
function OwnLabels({ alert, group }: { readonly alert: ShownAlert; readonly group: AlertGroup }) {
  const labels = ownLabels(alert, group);
  const summary = summaryOf(alert);
  const isOwn = summary !== group.summary;
  return labels.length === 0 && !isOwn ? null : (
    <span className="alert-labels">
      {labels.map(([name, value]) => (
        <code key={name} className="clip" title={`${name}="${value}"`}>
          {name}={value}
        </code>
      ))}
      {isOwn && <span className="quiet">{summary}</span>}
    </span>
  );
}
