import { assertNever } from "#shared/assert.ts";
import type { HistoryRow } from "../../../client/alerts/alert_history.ts";
import { Ago } from "../../../elements/ago.tsx";
import { formatAgo } from "../../../units/format.ts";
import type { RowColumn } from "../../../widgets/row_columns.ts";
import { OutcomeWord, outcomeText } from "../outcome_word.tsx";
import { matchersText } from "../silences/silence_draft.ts";
import { ChangeWord } from "./change_word.tsx";

/** Names of the alerts of an entry. */
function namesOf(row: HistoryRow): string {
  switch (row.kind) {
    case "change":
      return row.labels["alertname"] ?? "";
    case "notification":
      return [...new Set(row.alerts.map(({ labels }) => labels["alertname"] ?? ""))].join(", ");
    default:
      return assertNever(row);
  }
}

function stateText(row: HistoryRow): string {
  return row.kind === "change" ? row.state : outcomeText(row.state);
}

/** What else there is to say of an entry: the labels of a change, or where a notification went and what was answered. */
export function detailOf(row: HistoryRow): string {
  switch (row.kind) {
    case "change":
      return labelsText(row.labels);
    case "notification": {
      const { receiver, integration, status, alertCount, failure, answer } = row;
      const count = alertCount === 1 ? "1 alert" : `${alertCount} alerts`;
      const answered = [failure, answer].filter(Boolean).join(": ");
      const said = `${count} ${status} to ${receiver} by ${integration}`;
      return answered === "" ? said : `${said}: ${answered}`;
    }
    default:
      return assertNever(row);
  }
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const own = Object.entries(labels).filter(([name]) => name !== "alertname");
  return matchersText(own.map(([name, value]) => ({ name, value, isRegex: false, isEqual: true })));
}

export function valueText(row: HistoryRow): string {
  if (row.kind !== "change" || row.value === "") return "";
  return String(Number(Number(row.value).toPrecision(6)));
}

export function historyColumns(nowMs: number): RowColumn<HistoryRow>[] {
  return [
    {
      key: "time",
      title: "Time",
      isTime: true,
      width: 112,
      value: ({ atMs }) => atMs,
      text: ({ atMs }) => formatAgo(atMs, nowMs),
      cell: ({ atMs }) => <Ago ms={atMs} nowMs={nowMs} />,
    },
    {
      key: "what",
      title: "What",
      width: 116,
      value: ({ kind }) => kind,
      onPhone: false,
    },
    {
      key: "state",
      title: "State",
      width: 116,
      value: stateText,
      cell: (row) =>
        row.kind === "change" ? (
          <ChangeWord state={row.state} />
        ) : (
          <OutcomeWord state={row.state} />
        ),
    },
    { key: "alert", title: "Alert", minWidth: 140, isName: true, value: namesOf },
    {
      key: "value",
      title: "Value",
      isNumber: true,
      width: 92,
      onPhone: false,
      value: (row) => (row.kind === "change" && row.value !== "" ? Number(row.value) : undefined),
      text: valueText,
    },
    { key: "detail", title: "Details", minWidth: 420, value: detailOf },
  ];
}
