import type { AlertRow, AlertRuleRow } from "../../client/alerting.ts";
import type { AlertListOptions } from "./options.ts";
import type { LabelConditions } from "../../promql/label_conditions.ts";

/** What a line of the panel says. */
export type AlertLine = {
  readonly key: string;
  readonly name: string;
  readonly state: "firing" | "pending" | "inactive";
  /** NaN where it is not active. */
  readonly sinceMs: number;
  readonly summary: string;
  readonly labels: Readonly<Record<string, string>>;
};

const importance = { firing: 0, pending: 1, inactive: 2 } as const;

/** The lines that the options ask for, in their order. */
export function alertLines(
  found: readonly AlertRow[] | readonly AlertRuleRow[],
  options: AlertListOptions,
  isWanted: LabelConditions,
): AlertLine[] {
  const wanted = options.name.toLowerCase();
  return found
    .map((row, i) => line(row, i))
    .filter(
      ({ state, name, labels }) =>
        options[state] && name.toLowerCase().includes(wanted) && isWanted(labels),
    )
    .toSorted((a, b) => compare(a, b, options.sort));
}

function line(row: AlertRow | AlertRuleRow, i: number): AlertLine {
  const state = row.state === "firing" || row.state === "pending" ? row.state : "inactive";
  if (!("group" in row)) {
    const { summary, description, message } = row.annotations;
    const text = summary ?? description ?? message ?? "";
    return {
      key: `${i}`,
      name: row.name,
      state,
      sinceMs: row.activeMs,
      summary: text,
      labels: row.labels,
    };
  }
  const since = row.alerts.map(({ activeMs }) => activeMs).filter((ms) => !Number.isNaN(ms));
  const count = row.alerts.length;
  return {
    key: `${i}`,
    name: row.name,
    state,
    sinceMs: since.length === 0 ? Number.NaN : Math.min(...since.slice(0, 10_000)),
    summary: count === 0 ? row.group : `${row.group}, ${count} ${count === 1 ? "alert" : "alerts"}`,
    labels: row.labels,
  };
}

function compare(a: AlertLine, b: AlertLine, sort: AlertListOptions["sort"]): number {
  const byName = a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  const byTime = (a.sinceMs || 0) - (b.sinceMs || 0);
  switch (sort) {
    case "importance":
      return importance[a.state] - importance[b.state] || -byTime || byName;
    case "newest":
      return -byTime || byName;
    case "oldest":
      return byTime || byName;
    case "name":
      return byName || -byTime;
  }
}
