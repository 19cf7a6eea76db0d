import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { assertNever } from "#shared/assert.ts";
import type { RouteRow } from "../../../client/routing.ts";
import { Icon } from "../../../elements/icon.tsx";
import { Combobox } from "../../../overlays/combobox.tsx";
import { useRouting, useSentAlerts } from "../../../queries/alerts.ts";
import { useSearchChange } from "../../../state/page_range.ts";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../../widgets/picture.tsx";
import { textOfLabels } from "../silences/silence_draft.ts";
import { readLabels } from "./alert_labels.ts";

const route = getRouteApi("/alerts");

/** The tree of routes. With the labels of an alert it shows which routes take it. */
export function RoutesTab() {
  const { labels: text = "" } = route.useSearch();
  const [draft, setDraft] = useState(text);
  const change = useSearchChange();
  const read = useMemo(() => readLabels(draft), [draft]);
  const query = useRouting("labels" in read ? read.labels : undefined);
  const set = (next: string): void => {
    setDraft(next);
    change({ labels: next });
  };
  const fault = "fault" in read ? read.fault : undefined;
  return (
    <>
      <div className="toolbar route-tools">
        <label className="route-labels">
          <span className="hidden">Labels of an alert</span>
          <input
            className="text-field"
            value={draft}
            spellCheck={false}
            placeholder={'Labels of an alert: alertname="DiskFull", severity="critical"'}
            aria-invalid={fault !== undefined}
            onChange={(event) => set(event.target.value)}
          />
        </label>
        <FiringAlerts onChoose={set} />
        <RefreshCorner query={query} />
      </div>
      {fault !== undefined && <p className="field-fault">{fault}</p>}
      <Picture query={query} skeleton={<Skeleton rows={5} height={56} />}>
        {({ route: root, receivers }) => (
          <>
            {"labels" in read && read.labels !== undefined && (
              <p role="status" className="route-goes">
                Goes to <strong>{receivers.join(", ")}</strong>
              </p>
            )}
            {root.receiver === "" ? (
              <Empty title="No routes">
                Routes are in Alertmanager's configuration file: name it under{" "}
                <code>alertmanager.config_file</code> in lapwing.yaml.
              </Empty>
            ) : (
              <ul className="routes" aria-label="Routes">
                <RouteNode node={root} isRoot />
              </ul>
            )}
          </>
        )}
      </Picture>
    </>
  );
}

/** Takes the labels of an alert that fires now. */
function FiringAlerts({ onChoose }: { readonly onChoose: (text: string) => void }) {
  const sent = useSentAlerts(0);
  const options = (sent.data ?? []).map(({ labels }) => ({
    value: textOfLabels(labels),
    label: labels["alertname"] ?? "",
    detail: textOfLabels(labels),
  }));
  return (
    <Combobox
      label="Take a firing alert"
      value=""
      options={options}
      onChange={onChoose}
      trigger={
        <button type="button" className="button">
          <Icon name="alerts" />
          Take a firing alert
        </button>
      }
    />
  );
}

function RouteNode({
  node,
  isRoot = false,
}: {
  readonly node: RouteRow;
  readonly isRoot?: boolean;
}) {
  const { receiver, matchers, outcome, mutedBy, routes } = node;
  return (
    <li className={`route ${outcome ?? ""}`}>
      <div className="route-card">
        <div className="route-head">
          {matchers.length === 0 ? (
            <span className="quiet">{isRoot ? "all alerts" : "whatever is left"}</span>
          ) : (
            matchers.map((text) => <code key={text}>{text}</code>)
          )}
          <Icon name="forward" />
          <strong>{receiver}</strong>
          <RouteOutcome outcome={outcome} />
          {node.continue && <span className="alert-severity">continues</span>}
          {mutedBy.length > 0 && (
            <span className="state warn">
              <Icon name="silent" />
              muted now by {mutedBy.join(", ")}
            </span>
          )}
        </div>
        <Terms node={node} />
      </div>
      {routes.length > 0 && (
        <ul>
          {routes.map((child, i) => (
            <RouteNode key={i} node={child} />
          ))}
        </ul>
      )}
    </li>
  );
}

function RouteOutcome({ outcome }: Pick<RouteRow, "outcome">) {
  switch (outcome) {
    case "takes":
      return (
        <span className="state good">
          <Icon name="check" />
          takes it
        </span>
      );
    case "passes":
      return <span className="quiet">passes it on</span>;
    case "differs":
      return <span className="quiet">does not match</span>;
    case "unreached":
      return <span className="quiet">not reached</span>;
    case null:
      return null;
    default:
      return assertNever(outcome);
  }
}

/** How its groups are made and timed. */
function Terms({ node }: { readonly node: RouteRow }) {
  const { groupBy, groupWait, groupInterval, repeatInterval, groupLabels } = node;
  const { muteTimeIntervals: muted, activeTimeIntervals: active } = node;
  const by =
    groupBy.length === 0
      ? "one group"
      : `grouped by ${groupBy[0] === "..." ? "all labels" : groupBy.join(", ")}`;
  const own =
    groupLabels === null || Object.keys(groupLabels).length === 0
      ? ""
      : ` (${textOfLabels(groupLabels)})`;
  return (
    <p className="quiet route-terms">
      {by}
      {own}; waits {groupWait}, then every {groupInterval}, repeats after {repeatInterval}
      {muted.length > 0 && `; muted in ${muted.join(", ")}`}
      {active.length > 0 && `; only in ${active.join(", ")}`}
    </p>
  );
}
