import type { AgentRow } from "../../client/query_service.ts";
import type { HostRow } from "./host_rows.ts";

/** One wanted value of a label or fact of a host. */
export type LabelChip = { readonly name: string; readonly value: string };

export const hostStates = ["live", "silent", "down"] as const;
/** live and silent say of the agent, down of its targets. */
export type HostState = (typeof hostStates)[number];

const chipsMax = 20;
/** Facts that tell hosts apart; others are figures. */
const facts = ["os", "kernel", "arch"];

/** What a host can be filtered and grouped by: its configuration's labels, then some facts. */
function labelsOf({ labels, facts: told, version }: AgentRow): ReadonlyMap<string, string> {
  const known = new Map(Object.entries(labels));
  for (const name of facts) {
    const value = told[name];
    if (value !== undefined && !known.has(name)) known.set(name, value);
  }
  if (!known.has("version")) known.set("version", version);
  return known;
}

/** As text for the URL: `env="prod" site="north"`. */
export function printChips(chips: readonly LabelChip[]): string {
  return chips.map(({ name, value }) => `${name}=${JSON.stringify(value)}`).join(" ");
}

/** What printChips() wrote; what can't be read is left out. */
export function parseChips(text: string): LabelChip[] {
  const chips: LabelChip[] = [];
  for (const [, name = "", written = ""] of text.matchAll(/([^\s="]+)=("(?:[^"\\]|\\.)*")/g)) {
    if (chips.length === chipsMax) break;
    try {
      chips.push({ name, value: String(JSON.parse(written)) });
    } catch {
      // A link that was cut: the others hold.
    }
  }
  return chips;
}

/** Hosts with all of these; several values of one name are alternatives. */
export function filterByLabels(rows: readonly HostRow[], chips: readonly LabelChip[]): HostRow[] {
  const wanted = Map.groupBy(chips, ({ name }) => name);
  return rows.filter(({ agent }) => {
    const labels = labelsOf(agent);
    return [...wanted].every(([name, some]) =>
      some.some(({ value }) => labels.get(name) === value),
    );
  });
}

/** How it is with a host: of one that is silent nobody knows its targets. */
export function filterByState(rows: readonly HostRow[], state: HostState | undefined): HostRow[] {
  if (state === undefined) return [...rows];
  return rows.filter(({ agent }) =>
    state === "silent" ? !agent.live : agent.live && (state === "live" || hasTargetsDown(agent)),
  );
}

export function hasTargetsDown({ live, targetCounts }: AgentRow): boolean {
  return live && (targetCounts["down"] ?? 0) > 0;
}

/** What there is to choose, with the number of hosts that have it; the same for all is nothing to choose by. */
export function labelChoices(rows: readonly HostRow[]): { chip: LabelChip; hosts: number }[] {
  const counts = new Map<string, { chip: LabelChip; hosts: number }>();
  for (const { agent } of rows) {
    for (const [name, value] of labelsOf(agent)) {
      const key = `${name}\u0000${value}`;
      const known = counts.get(key) ?? { chip: { name, value }, hosts: 0 };
      known.hosts += 1;
      counts.set(key, known);
    }
  }
  return [...counts.values()].toSorted(
    (a, b) =>
      a.chip.name.localeCompare(b.chip.name) ||
      b.hosts - a.hosts ||
      a.chip.value.localeCompare(b.chip.value, undefined, { numeric: true }),
  );
}

export type HostGroup = {
  /** undefined for hosts without the label. */
  readonly value: string | undefined;
  readonly rows: readonly HostRow[];
};

/** Rows by the value of a label, in their order; hosts without it come last. */
export function groupByLabel(rows: readonly HostRow[], name: string): HostGroup[] {
  const groups = Map.groupBy(rows, ({ agent }) => labelsOf(agent).get(name));
  return [...groups]
    .map(([value, some]) => ({ value, rows: some }))
    .toSorted((a, b) =>
      a.value === undefined
        ? 1
        : b.value === undefined
          ? -1
          : a.value.localeCompare(b.value, undefined, { numeric: true }),
    );
}

/** "500 hosts, 6 silent, 3 with targets down". */
export function summaryOf(shown: number, all: readonly HostRow[]): string {
  const hosts = `${all.length} ${all.length === 1 ? "host" : "hosts"}`;
  const silent = all.filter(({ agent }) => !agent.live).length;
  const down = all.filter(({ agent }) => hasTargetsDown(agent)).length;
  const parts = [shown === all.length ? hosts : `${shown} of ${hosts}`];
  parts.push(silent === 0 ? "all live" : `${silent} silent`);
  if (down > 0) parts.push(`${down} with targets down`);
  return parts.join(", ");
}
