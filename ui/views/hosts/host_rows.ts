import type { AgentRow } from "../../client/query_service.ts";
import type { Labels } from "#shared/model/labels.ts";
import { quote } from "../../client/prometheus.ts";
import { sumLanes, type Account } from "../../client/account.ts";
import type { Expression, RangeSet } from "../../queries/ranges.ts";

/** One host as the list shows it. Figures are undefined where no sample is known. */
export type HostRow = {
  readonly agent: AgentRow;
  readonly account: Account;
  readonly figures: Readonly<Partial<Record<Figure, HostFigure>>>;
};
export type HostFigure = { readonly values: Float64Array; readonly current: number };

export const figures = ["cpu", "memory", "disk", "received", "sent"] as const;
export type Figure = (typeof figures)[number];

export const sortColumns = [
  "status",
  "name",
  ...figures,
  "seen",
  "version",
  "in_flight",
  "dropped",
] as const;
export type SortColumn = (typeof sortColumns)[number];

/** File systems that hold no data of their own. */
const noDisk =
  'fstype!~"tmpfs|devtmpfs|ramfs|squashfs|iso9660|proc|sysfs|cgroup2?|nsfs|fuse.lxcfs"';
/** Interfaces that repeat the traffic of others. */
const noWire = 'device!~"lo|veth.*|docker.*|br-.*|cali.*|cni.*|flannel.*|virbr.*"';

/** One expression a figure for all hosts together: the number of requests does not grow with the number of hosts. */
export const hostExpressions: readonly Expression[] = figures.map((figure) => {
  switch (figure) {
    case "cpu":
      return (stepMs) =>
        `100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{job="node",mode="idle"}[${rateWindow(stepMs)}])))`;
    case "memory":
      return () =>
        `100 * (1 - sum by (instance) (node_memory_MemAvailable_bytes{job="node"}) / sum by (instance) (node_memory_MemTotal_bytes{job="node"}))`;
    case "disk":
      return () =>
        `100 * max by (instance) (${diskUsed("instance, mountpoint", `{job="node",${noDisk}}`)})`;
    case "received":
      return (stepMs) =>
        `sum by (instance) (rate(node_network_receive_bytes_total{job="node",${noWire}}[${rateWindow(stepMs)}]))`;
    case "sent":
      return (stepMs) =>
        `sum by (instance) (rate(node_network_transmit_bytes_total{job="node",${noWire}}[${rateWindow(stepMs)}]))`;
  }
});

/**
 * The share of each file system in use, as df tells it: of what users can have, without what is kept back for root. Those that are
 * selected are told apart by the labels `by`.
 */
export function diskUsed(by: string, selector: string): string {
  const of = (what: string): string => `max by (${by}) (node_filesystem_${what}_bytes${selector})`;
  return `1 - ${of("avail")} / (${of("size")} - ${of("free")} + ${of("avail")})`;
}

/** A window that holds some scrapes at any usual interval, and leaves no sample between two steps out. */
export function rateWindow(stepMs: number): string {
  return `${Math.max(60, Math.ceil(stepMs / 1_000) * 2)}s`;
}

/** Selector of one host's own metrics; the name may hold anything. */
export function hostSelector(name: string, more = ""): string {
  return `{job="node",instance=${quote(name)}${more === "" ? "" : `,${more}`}}`;
}

export const selectors = { noDisk, noWire };

/** Agents joined with the figures of their hosts. */
export function hostRows(agents: readonly AgentRow[], set: RangeSet | undefined): HostRow[] {
  const byName = new Map<string, Partial<Record<Figure, HostFigure>>>();
  const keep = (figure: Figure, labels: Labels, of: HostFigure): void => {
    const name = labels["instance"] ?? "";
    byName.set(name, { ...byName.get(name), [figure]: of });
  };
  figures.forEach((figure, i) => {
    const newest = set?.newest[i];
    const nothing = Number.NaN;
    for (const { labels, values } of set?.answers[i]?.series ?? []) {
      keep(figure, labels, { values, current: newest === undefined ? currentOf(values) : nothing });
    }
    for (const { labels, values } of newest?.series ?? []) {
      const drawn = byName.get(labels["instance"] ?? "")?.[figure]?.values;
      keep(figure, labels, { values: drawn ?? values, current: values[0] ?? nothing });
    }
  });
  return agents.map((agent) => ({
    agent,
    account: sumLanes(agent.lanes),
    figures: byName.get(agent.name) ?? {},
  }));
}

/** The newest of the last few points, where none was asked for by itself; older ones are no longer "now". */
function currentOf(values: Float64Array): number {
  for (let i = values.length - 1; i >= Math.max(0, values.length - 3); i--) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isNaN(value)) return value;
  }
  return Number.NaN;
}

/** Rows whose name, agent id, version or facts hold every word. */
export function filterRows(rows: readonly HostRow[], text: string): HostRow[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return [...rows];
  return rows.filter(({ agent }) => {
    const status = agent.live ? "live" : "silent";
    const facts = Object.values(agent.facts).join(" ");
    const all = `${agent.name} ${agent.agent} ${agent.version} ${status} ${facts}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** Sorted by one column; rows without a value come last in either direction, and ties go by name. */
export function sortRows(rows: readonly HostRow[], column: SortColumn, down: boolean): HostRow[] {
  const sign = down ? -1 : 1;
  const byName = (a: HostRow, b: HostRow): number =>
    a.agent.name.localeCompare(b.agent.name, undefined, { numeric: true });
  return rows.toSorted((a, b) => {
    if (column === "name") return sign * byName(a, b);
    if (column === "version") {
      const order = a.agent.version.localeCompare(b.agent.version, undefined, { numeric: true });
      return sign * order || byName(a, b);
    }
    const x = sortValue(a, column);
    const y = sortValue(b, column);
    const missing = Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    if (missing !== 0) return missing;
    return (Number.isNaN(x) ? 0 : sign * (x - y)) || byName(a, b);
  });
}

function sortValue(row: HostRow, column: Exclude<SortColumn, "name" | "version">): number {
  switch (column) {
    case "status":
      return row.agent.live ? 1 : 0;
    case "seen":
      return row.agent.lastSeenMs;
    case "in_flight":
      return row.account.inFlight;
    case "dropped":
      return row.account.dropped;
    default:
      return row.figures[column]?.current ?? Number.NaN;
  }
}
