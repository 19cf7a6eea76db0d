import { useState } from "react";
import type { Labels } from "#shared/model/labels.ts";
import { Ago } from "../../elements/ago.tsx";
import { Icon, type IconName } from "../../elements/icon.tsx";
import { ownLabels, summaryOf, toneOf, type AlertGroup, type ShownAlert } from "./alert_groups.ts";
import type { AlertState } from "./alert_states.ts";
import type { CausesOfAlerts } from "./alert_causes.ts";
import { type AlertChoice, ChoiceBox } from "./silences/bulk_silence.tsx";
import { textOfLabels } from "./silences/silence_draft.ts";

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
  /** By key: the alerts that an alert inhibits. */
  readonly inhibited: CausesOfAlerts["inhibited"];
  /** Present while alerts are chosen. */
  readonly choice?: AlertChoice | undefined;
  readonly onOpen: (key: string) => void;
};

/** One name, its worst state, and below it each of its alerts. */
export function AlertGroupRow(props: Props) {
  const { group, nowMs, choice, onOpen } = props;
  const { name, severity, alerts, sinceMs, summary } = group;
  const [isOpen, setOpen] = useState(alerts.length <= openMax);
  const only = alerts.length === 1 ? alerts[0] : undefined;
  const left = alerts.length - listedMax;
  return (
    <li className={`alert-group ${toneOf(group)}${choice === undefined ? "" : " choosing"}`}>
      {choice !== undefined && (
        <ChoiceBox
          choice={choice}
          keys={alerts.map(({ key }) => key)}
          label={`Choose all alerts named ${name}`}
        />
      )}
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
      {only !== undefined && <Inhibited {...props} alert={only} />}
      {only === undefined && isOpen && (
        <ul>
          {alerts.slice(0, listedMax).map((alert) => (
            <AlertRow key={alert.key} {...props} alert={alert} />
          ))}
          {left > 0 && <li className="quiet alert-more">and {left} more: filter to find them</li>}
        </ul>
      )}
    </li>
  );
}

function AlertRow(props: Props & { readonly alert: ShownAlert }) {
  const { alert, group, nowMs, choice, onOpen } = props;
  return (
    <li>
      {choice !== undefined && (
        <ChoiceBox
          choice={choice}
          keys={[alert.key]}
          label={`Choose ${textOfLabels(alert.labels)}`}
        />
      )}
      <button type="button" className="alert-row" onClick={() => onOpen(alert.key)}>
        <AlertStateWord {...alert} />
        <OwnLabels alert={alert} group={group} />
        <Ago className="quiet" ms={alert.sinceMs} nowMs={nowMs} />
      </button>
      <Inhibited {...props} />
    </li>
  );
}

/** The alerts that an alert inhibits: what they say follows from it. */
function Inhibited({
  alert,
  inhibited,
  nowMs,
  choice,
  onOpen,
}: Props & { readonly alert: ShownAlert }) {
  const alerts = inhibited.get(alert.key) ?? [];
  if (alerts.length === 0) return null;
  return (
    <details className="alert-inhibited">
      <summary>inhibits {alerts.length === 1 ? "1 alert" : `${alerts.length} alerts`}</summary>
      <ul>
        {alerts.slice(0, listedMax).map((one) => (
          <li key={one.key}>
            {choice !== undefined && (
              <ChoiceBox
                choice={choice}
                keys={[one.key]}
                label={`Choose ${textOfLabels(one.labels)}`}
              />
            )}
            <button type="button" className="alert-row" onClick={() => onOpen(one.key)}>
              <AlertStateWord {...one} />
              <strong className="clip">{one.name}</strong>
              <code className="quiet clip">{textOfLabels(withoutName(one.labels))}</code>
              <Ago className="quiet" ms={one.sinceMs} nowMs={nowMs} />
            </button>
          </li>
        ))}
        {alerts.length > listedMax && (
          <li className="quiet alert-more">and {alerts.length - listedMax} more</li>
        )}
      </ul>
    </details>
  );
}

function withoutName({ alertname: _name, ...labels }: Labels): Labels {
  return labels;
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
