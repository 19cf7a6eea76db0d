import type { AgentRow, Service } from "../../client/query_service.ts";
import type { Tab } from "../../overlays/tabs.tsx";

/** Begins the tabs of services: "on-redis". */
const servicePrefix = "on-";
/** Has a tab of its own whether it runs or not: it says how to have it. */
const processes = "processes";

/** A kind of service that runs on a host, with the `instance` labels of its metrics. */
export type FoundKind = {
  readonly integration: string;
  readonly title: string;
  readonly instances: readonly string[];
};

/** Kinds of services of a host that have metrics, by title. */
function foundKinds(services: readonly Service[]): FoundKind[] {
  const kinds = new Map<string, { integration: string; title: string; instances: string[] }>();
  for (const { integration, title, instance, state } of services) {
    if (instance === "" || (state !== "running" && state !== "down")) continue;
    const known = kinds.get(integration) ?? { integration, title, instances: [] };
    known.instances.push(instance);
    kinds.set(integration, known);
  }
  return [...kinds.values()].toSorted((a, b) => a.title.localeCompare(b.title));
}

/** The sections of a host's page. Those of services come last: there may be more than there is room for. */
export function hostTabs(row: AgentRow): Tab<string>[] {
  const kinds = foundKinds(row.services).filter(({ integration }) => integration !== processes);
  return [
    { value: "overview", label: "Overview" },
    { value: processes, label: "Processes" },
    { value: "logs", label: "Logs" },
    { value: "targets", label: "Targets", count: row.targets.length + row.targetsLeftOut },
    { value: "configuration", label: "Configuration" },
    { value: "events", label: "Events" },
    { value: "services", label: "Services", count: row.services.length },
    ...kinds.map(({ integration, title }) => ({
      value: `${servicePrefix}${integration}`,
      label: title,
    })),
  ];
}

/** The kind that a tab shows; undefined for other tabs. */
export function kindOfTab(row: AgentRow, tab: string): FoundKind | undefined {
  const name = tab === processes ? processes : tab.slice(servicePrefix.length);
  if (tab !== processes && !tab.startsWith(servicePrefix)) return undefined;
  return foundKinds(row.services).find(({ integration }) => integration === name);
}
