import { groupByLabel } from "./host_labels.ts";
import type { HostRow } from "./host_rows.ts";

/** One line of the list: the head of a group, or some hosts beside each other. */
export type HostLine =
  | { readonly key: string; readonly heading: string; readonly hosts: number }
  | { readonly key: string; readonly heading?: undefined; readonly rows: readonly HostRow[] };

/** Hosts as lines of `across` each, under a head for each value of the label that they are grouped by. */
export function hostLines(rows: readonly HostRow[], across: number, group: string): HostLine[] {
  if (group === "") return linesOf(rows, across);
  return groupByLabel(rows, group).flatMap(({ value, rows: some }): HostLine[] => {
    const heading = value === undefined ? `without ${group}` : `${group} ${value}`;
    return [{ key: `group ${heading}`, heading, hosts: some.length }, ...linesOf(some, across)];
  });
}

function linesOf(rows: readonly HostRow[], across: number): HostLine[] {
  const lines: HostLine[] = [];
  for (let i = 0; i < rows.length; i += across) {
    const some = rows.slice(i, i + across);
    lines.push({ key: some[0]?.agent.agent ?? String(i), rows: some });
  }
  return lines;
}
