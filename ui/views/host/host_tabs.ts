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

/** The sections of a host's page; those of services stand beside the overview, where people look for them. */
export function hostTabs(row: AgentRow): Tab<string>[] {
  const kinds = foundKinds(row.services).filter(({ integration }) => integration !== processes);
  return [
    { value: "overview", label: "Overview" },
    ...kinds.map(({ integration, title }) => ({
      value: `${servicePrefix}${integration}`,
      label: title,
    })),
    { value: processes, label: "Processes" },
    { value: "logs", label: "Logs" },
    { value: "services", label: "Services", count: row.services.length },
    { value: "events", label: "Events" },
  ];
}

/** The kind that a tab shows; undefined for other tabs. */
export function kindOfTab(row: AgentRow, tab: string): FoundKind | undefined {
  const name = tab === processes ? processes : tab.slice(servicePrefix.length);
  if (tab !== processes && !tab.startsWith(servicePrefix)) return undefined;
  return foundKinds(row.services).find(({ integration }) => integration === name);
}
