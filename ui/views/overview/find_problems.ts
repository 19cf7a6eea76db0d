import { signalDescriptors, signalOf } from "#shared/signals.ts";
import type { AlertRow, RuleRow } from "../../client/alerting.ts";
import type { Storage } from "../../client/storage/data_service.ts";
import type { AgentRow, Lane, SeriesLimitRow, Service } from "../../client/query_service.ts";
import { formatCount, formatSpan, formatValue } from "../../units/format.ts";
import { reasonWords, sumLanes } from "../../client/account.ts";
import { agentPage, alertsPage, hostPage, rulesPage } from "../../state/places.ts";
import type { Problem } from "./problem.ts";
import type { Holding } from "./since.ts";

/** What is queried is later than this before it is worth a line; agents tell of their frames every few seconds. */
const lateMs = 60_000;
const clockOffsetMaxMs = 5_000;
const hourMs = 3_600_000;

/** Hosts that are not heard of, and what the agents of the others complain of. */
export function agentProblems(agents: readonly AgentRow[]): Problem[] {
  return agents.flatMap((row): Problem[] => {
    const href = hostPage(row.agent);
    const base = { what: row.name, level: "warn", href, where: "host", isOlder: false } as const;
    if (!row.live) {
      const text = "silent: its agent is not heard of";
      return [
        {
          ...base,
          id: `silent ${row.agent}`,
          kind: "host_silent",
          level: "bad",
          text,
          sinceMs: row.lastSeenMs,
        },
      ];
    }
    const own = { ...base, href: agentPage(row.agent) };
    const found: Problem[] = row.faults.filter(isOwn(row)).map((fault) => ({
      ...own,
      id: `fault ${row.agent} ${fault}`,
      kind: "agent",
      level: /^spool (?:full|disk error)/.test(fault) ? "bad" : "warn",
      text: fault,
      sinceMs: undefined,
    }));
    if (row.configuration !== undefined && row.configuration.failedReason !== "") {
      const text = `refused a configuration: ${row.configuration.failedReason}`;
      const place = agentPage(row.agent, "configuration");
      found.push({
        ...base,
        href: place,
        id: `configuration ${row.agent}`,
        kind: "agent",
        text,
        sinceMs: undefined,
      });
    }
    if (Math.abs(row.clockOffsetMs) > clockOffsetMaxMs) {
      const text = `its clock is ${formatSpan(Math.abs(row.clockOffsetMs))} ${row.clockOffsetMs > 0 ? "ahead" : "behind"}`;
      found.push({ ...own, id: `clock ${row.agent}`, kind: "agent", text, sinceMs: undefined });
    }
    return found;
  });
}

/** Whether a complaint is more than that a service does not run, which has a line of its own. */
function isOwn({ services }: AgentRow): (fault: string) => boolean {
  const told = services.filter((service) => isBroken(service) && service.lastError !== "");
  return (fault) =>
    !told.some(({ instance, lastError }) => fault.includes(instance) && fault.includes(lastError));
}

function isBroken({ state }: Service): boolean {
  return state === "down" || state === "invalid" || state === "failed";
}

/** Targets that are down: by name where `detailed` holds the agent with its targets, else as a count. */
export function targetProblems(
  agents: readonly AgentRow[],
  detailed: ReadonlyMap<string, AgentRow>,
  down: readonly Holding[],
): Problem[] {
  return agents.flatMap((row): Problem[] => {
    const count = row.targetCounts["down"] ?? 0;
    if (!row.live || count === 0) return [];
    const href = agentPage(row.agent);
    const base = { kind: "target_down", level: "bad", href, where: row.name } as const;
    const targets = (detailed.get(row.agent)?.targets ?? []).filter(
      ({ health }) => health === "down",
    );
    if (targets.length === 0) {
      const what = `${formatCount(count)} ${count === 1 ? "target" : "targets"}`;
      const oldest = down.length === 1 && count === 1 ? down[0] : undefined;
      return [
        {
          ...base,
          id: `targets ${row.agent}`,
          what,
          text: "down",
          sinceMs: oldest?.sinceMs,
          isOlder: oldest?.isOlder ?? false,
        },
      ];
    }
    // A service that is down has a line of its own.
    const own = new Set(row.services.map(({ job, instance }) => `${job}\u0000${instance}`));
    const others = targets.filter(
      ({ labels }) => !own.has(`${labels["job"] ?? ""}\u0000${labels["instance"] ?? ""}`),
    );
    return others.map(({ pool, url, labels, lastError }) => {
      const since = sinceOf(down, labels["job"] ?? pool, labels["instance"] ?? hostOf(url));
      const what = `${labels["job"] ?? pool} ${labels["instance"] ?? url}`;
      const text = lastError === "" ? "target is down" : `down: ${lastError}`;
      return { ...base, id: `target ${row.agent} ${pool} ${url}`, what, text, ...since };
    });
  });
}

/** Services that were found or named and do not run as they should. */
export function serviceProblems(agents: readonly AgentRow[], down: readonly Holding[]): Problem[] {
  return agents.flatMap((row) =>
    row.live
      ? row.services
          .filter(isBroken)
          .map(({ integration, title, instance, job, state, lastError }): Problem => ({
            id: `service ${row.agent} ${integration} ${instance}`,
            kind: "service",
            level: state === "down" ? "bad" : "warn",
            what: instance === "" ? title : `${title} ${instance}`,
            text: lastError === "" ? state : `${state}: ${lastError}`,
            href: hostPage(row.agent, "services"),
            where: row.name,
            ...sinceOf(down, job, instance),
          }))
      : [],
  );
}

function sinceOf(down: readonly Holding[], job: string, instance: string) {
  const found = down.find(({ labels }) => labels["job"] === job && labels["instance"] === instance);
  return { sinceMs: found?.sinceMs, isOlder: found?.isOlder ?? false };
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}

/** Lanes that can't be queried to their end, and accounts that do not add up. */
export function laneProblems(agents: readonly AgentRow[]): Problem[] {
  return agents.flatMap((row) =>
    row.lanes.flatMap((lane): Problem[] => {
      const base = {
        href: `/data?q=${encodeURIComponent(row.name)}`,
        where: "loss account",
        isOlder: false,
      };
      const found: Problem[] = [];
      const id = `${row.agent} ${lane.signal}`;
      const what = `${lane.signal} of ${row.name}`;
      if (row.live && lane.behindMs > lateMs) {
        const sinceMs = Date.now() - lane.behindMs;
        const text = `late: the newest that can be queried is ${formatSpan(lane.behindMs)} old`;
        found.push({ ...base, id: `late ${id}`, kind: "late", level: "bad", what, text, sinceMs });
      } else if (row.live && lane.backlogItems > 0) {
        const text = `${formatCount(lane.backlogItems)} items of an outage are still to come${backlogAge(lane)}`;
        found.push({
          ...base,
          id: `backlog ${id}`,
          kind: "late",
          level: "warn",
          what,
          text,
          sinceMs: undefined,
        });
      }
      const { unexplained } = sumLanes([lane]);
      if (unexplained !== 0) {
        const text = `${formatCount(unexplained)} items are unexplained: collected is not stored + in flight + dropped`;
        found.push({
          ...base,
          id: `unexplained ${id}`,
          kind: "loss",
          level: "bad",
          what,
          text,
          sinceMs: undefined,
        });
      }
      return found;
    }),
  );
}

function backlogAge({ backlogAgeMs }: Lane): string {
  return backlogAgeMs > 0 ? `, the oldest ${formatSpan(backlogAgeMs)} old` : "";
}

/** Reasons that are a choice of who configured it, not a loss. */
const chosenReasons: ReadonlySet<string> = new Set([
  "relabel",
  "aggregated",
  "sampling",
  "processor",
  "redaction",
  "duplicate_sample",
  "duplicate_exemplar",
]);

/** What was dropped within the last hour: `increases` has a series an agent, signal and reason. */
export function dropProblems(increases: readonly Holding[]): Problem[] {
  return increases.flatMap(({ labels, value }): Problem[] => {
    const { agent = "", instance = "", signal = "", reason = "" } = labels;
    const count = Math.round(value);
    if (count <= 0 || chosenReasons.has(reason)) return [];
    const known = signalOf(signal);
    const unit = known === undefined ? "items" : signalDescriptors[known].unit;
    return [
      {
        id: `dropped ${agent} ${signal} ${reason}`,
        kind: "loss",
        level: "warn",
        what: instance,
        text: `dropped ${formatCount(count)} ${unit} within the last hour: ${reasonWords(reason)}`,
        sinceMs: undefined,
        isOlder: false,
        href: `/data?q=${encodeURIComponent(instance)}`,
        where: "loss account",
      },
    ];
  });
}

const diskWarn = 0.85;
const diskBad = 0.95;

/** File systems that are nearly full, of hosts (a value is the used part) and of the store. */
export function diskProblems(
  full: readonly Holding[],
  agents: readonly AgentRow[],
  storage: Storage | undefined,
): Problem[] {
  const byName = new Map(agents.map((row) => [row.name, row]));
  const found = full.flatMap(({ labels, value, sinceMs, isOlder }): Problem[] => {
    const { instance = "", mountpoint = "" } = labels;
    const row = byName.get(instance);
    if (row === undefined || !row.live) return [];
    return [
      {
        id: `disk ${row.agent} ${mountpoint}`,
        kind: "disk",
        level: value >= diskBad ? "bad" : "warn",
        what: mountpoint,
        text: `${(value * 100).toFixed(1)} % full`,
        sinceMs,
        isOlder,
        href: hostPage(row.agent),
        where: instance,
      },
    ];
  });
  const rooms = new Set<string>();
  for (const { path, freeBytes, sizeBytes, name } of storage?.volumes ?? []) {
    const used = sizeBytes > 0 ? 1 - freeBytes / sizeBytes : 0;
    const room = `${freeBytes} ${sizeBytes}`;
    if (used < diskWarn || rooms.has(room)) continue;
    rooms.add(room);
    found.push({
      id: `store ${name}`,
      kind: "disk",
      level: used >= diskBad ? "bad" : "warn",
      what: "The store's disk",
      text: `${(used * 100).toFixed(1)} % full at ${path}, ${formatValue(freeBytes, "bytes")} free`,
      sinceMs: undefined,
      isOlder: false,
      href: "/data",
      where: "data",
    });
  }
  return found;
}

/** The store that can't write, or keeps failing to tidy up. */
export function storageProblems(storage: Storage | undefined): Problem[] {
  if (storage === undefined) return [];
  const base = {
    kind: "aggregator",
    what: "The store",
    isOlder: false,
    href: "/data",
    where: "data",
  } as const;
  const found: Problem[] = [];
  if (storage.trouble !== "") {
    const text = `can't be written: ${storage.trouble}`;
    found.push({ ...base, id: "store trouble", level: "bad", text, sinceMs: undefined });
  }
  const { damaged, damagedCount, damagedItems } = storage;
  if (damagedCount > 0) {
    const blocks = damagedCount === 1 ? "1 block is" : `${formatCount(damagedCount)} blocks are`;
    const text = `${blocks} damaged: queries lack ${formatCount(damagedItems)} items`;
    const sinceMs = Math.min(...damaged.map(({ foundMs }) => foundMs));
    found.push({ ...base, id: "damaged blocks", level: "bad", text, sinceMs });
  }
  if (storage.maintenanceFault !== "") {
    const text = `compaction or retention failed: ${storage.maintenanceFault}`;
    found.push({ ...base, id: "maintenance", level: "warn", text, sinceMs: storage.maintainedMs });
  }
  if (storage.deletionStopped !== "") {
    const text = `retention and cleanup are stopped: ${storage.deletionStopped}`;
    found.push({ ...base, id: "deletion stopped", level: "warn", text, sinceMs: undefined });
  }
  return found;
}

/** Limits that refused series within the last hour. */
export function limitProblems(limits: readonly SeriesLimitRow[], nowMs: number): Problem[] {
  return limits
    .filter(({ lastRefusedMs }) => lastRefusedMs > nowMs - hourMs)
    .map(({ scope, agent, name, limit, refusedSeries, fastest }) => ({
      id: `limit ${scope} ${agent} ${name}`,
      kind: "series_limit",
      level: "warn",
      what: `Limit of ${formatCount(limit)} series, ${scope} ${name}`,
      text:
        `refused ${formatCount(refusedSeries)} series` +
        (fastest === undefined ? "" : `; most values come from the label ${fastest.label}`),
      sinceMs: undefined,
      isOlder: false,
      href: "/data",
      where: "data",
    }));
}

/** Alerts that fire. */
export function alertProblems(alerts: readonly AlertRow[]): Problem[] {
  return alerts
    .filter(({ state }) => state === "firing")
    .map(({ name, labels, annotations, activeMs }) => ({
      id: `alert ${name} ${JSON.stringify(labels)}`,
      kind: "alert",
      level: labels["severity"] === "warning" || labels["severity"] === "info" ? "warn" : "bad",
      what: name,
      text: annotations["summary"] ?? annotations["description"] ?? labels["instance"] ?? "fires",
      sinceMs: Number.isFinite(activeMs) ? activeMs : undefined,
      isOlder: false,
      href: alertsPage(name),
      where: "alerts",
    }));
}

/** Rules of which it is not known whether they fire, as one line for each set of agents whose data are missing. */
export function unknownProblems(rules: readonly RuleRow[]): Problem[] {
  const byReason = Map.groupBy(rules, ({ unknown }) => unknown?.reason ?? "");
  return [...byReason].flatMap(([reason, some]): Problem[] => {
    const [first] = some;
    if (first?.unknown === undefined) return [];
    const sinceMs = Math.min(...first.unknown.agents.map((agent) => agent.sinceMs));
    const what = some.length === 1 ? first.name : `${formatCount(some.length)} rules`;
    return [
      {
        id: `unknown ${reason}`,
        kind: "alert",
        level: "warn",
        what,
        text: `unknown: ${reason}`,
        sinceMs,
        isOlder: false,
        href: rulesPage("unknown"),
        where: "rules",
      },
    ];
  });
}
