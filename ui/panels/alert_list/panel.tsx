import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import {
  listAlertRules,
  listAlerts,
  type AlertRow,
  type AlertRuleRow,
} from "../../client/alerting.ts";
import { formatAgo } from "../../units/format.ts";
import { useNow } from "../../state/media.ts";
import { intervalOf } from "../../queries/query_client.ts";
import { readConditions } from "../../promql/label_conditions.ts";
import { Icon, type IconName } from "../../elements/icon.tsx";
import { InnerLink } from "../../elements/inner_link.tsx";
import { stringifySearch } from "../../state/url.ts";
import { Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import type { PanelProps } from "../panel_kind.ts";
import { momentAt } from "../parts/moment.ts";
import { Nothing } from "../parts/nothing.tsx";
import type { AlertListOptions } from "./options.ts";
import { alertLines, type AlertLine } from "./rows.ts";

const everyMs = 10_000;
const states: Readonly<Record<AlertLine["state"], { tone: string; icon: IconName }>> = {
  firing: { tone: "bad", icon: "warning" },
  pending: { tone: "warn", icon: "pause" },
  inactive: { tone: "good", icon: "check" },
};

/** Alerts or rules as the aggregator tells of them now. */
export function AlertListPanel(props: PanelProps<AlertListOptions>) {
  const { options } = props;
  const query = useQuery<readonly AlertRow[] | readonly AlertRuleRow[]>({
    queryKey: ["alerting", options.view],
    queryFn: ({ signal }) =>
      options.view === "rules" ? listAlertRules(signal) : listAlerts(signal),
    refetchInterval: intervalOf(everyMs),
  });
  return (
    <div className="panel-list">
      <Picture query={query} skeleton={<Skeleton rows={4} height={28} />}>
        {(found) => <Lines {...props} found={found} query={query} />}
      </Picture>
    </div>
  );
}

function Lines({
  options,
  interpolate,
  timeZone,
  found,
  query,
}: PanelProps<AlertListOptions> & {
  readonly found: readonly AlertRow[] | readonly AlertRuleRow[];
  readonly query: UseQueryResult;
}) {
  const nowMs = useNow(10_000);
  const text = interpolate(options.labels);
  const isWanted = readConditions(text);
  if (isWanted === undefined) {
    return (
      <Nothing>
        The label filter "{text}" is not readable; expected name="value", joined by commas.
      </Nothing>
    );
  }
  const what = options.view;
  if (found.length === 0) {
    return (
      <Nothing>
        {what === "rules"
          ? "The aggregator has no alerting rules."
          : "No alert is pending or firing."}
      </Nothing>
    );
  }
  const lines = alertLines(found, { ...options, name: interpolate(options.name) }, isWanted);
  if (lines.length === 0) {
    return (
      <Nothing>
        None of {found.length} {what} is in the chosen states and passes the filters.
      </Nothing>
    );
  }
  const left = lines.length - options.limit;
  return (
    <>
      <RefreshCorner query={query} />
      <ul>
        {lines.slice(0, options.limit).map((line) => (
          <Line key={line.key} line={line} nowMs={nowMs} timeZone={timeZone} />
        ))}
      </ul>
      {left > 0 && <p className="panel-more">and {left} more</p>}
    </>
  );
}

/** The alerts of this name, with silences and history. */
function pageOf({ name }: AlertLine): string {
  return `/alerts${stringifySearch({ q: `alertname=${JSON.stringify(name)}` })}`;
}

function Line({
  line,
  nowMs,
  timeZone,
}: {
  readonly line: AlertLine;
  readonly nowMs: number;
  readonly timeZone: string;
}) {
  const { tone, icon } = states[line.state];
  const labels = Object.entries(line.labels)
    .filter(([name]) => name !== "alertname")
    .map(([name, value]) => `${name}=${value}`)
    .join("  ");
  return (
    <li className="panel-list-row">
      <span className={`state ${tone}`}>
        <Icon name={icon} />
        {line.state}
      </span>
      <span className="panel-list-main">
        <strong className="clip" title={line.name}>
          <InnerLink to={pageOf(line)}>{line.name}</InnerLink>
        </strong>
        <span className="quiet clip" title={`${line.summary}\n${labels}`}>
          {line.summary === "" ? labels : line.summary}
        </span>
      </span>
      {Number.isNaN(line.sinceMs) ? null : (
        <time className="quiet" title={momentAt(line.sinceMs, timeZone)}>
          {formatAgo(line.sinceMs, nowMs)}
        </time>
      )}
    </li>
  );
}
