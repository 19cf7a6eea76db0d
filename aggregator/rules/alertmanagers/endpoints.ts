import type { Labels } from "#shared/model/labels.ts";
import { relabel } from "#shared/relabel/relabel.ts";
import type { AlertmanagersEntry } from "./config.ts";

/** One Alertmanager that gets alerts. */
export type Endpoint = {
  /** Of POST /api/v2/alerts. */
  readonly url: string;
  readonly entry: AlertmanagersEntry;
};

/** The Alertmanagers of a configuration, as relabelling leaves them. One URL counts once. */
export function endpointsOf(entries: readonly AlertmanagersEntry[]): {
  readonly active: readonly Endpoint[];
  /** URLs that relabelling dropped. */
  readonly dropped: readonly string[];
} {
  const active = new Map<string, Endpoint>();
  const dropped = new Set<string>();
  for (const entry of entries) {
    for (const labels of targetsOf(entry)) {
      const relabelled = new Map(Object.entries(labels));
      if (relabel(relabelled, entry.relabel_configs) && relabelled.get("__address__")) {
        const url = urlOf(relabelled);
        if (!active.has(url)) active.set(url, { url, entry });
      } else dropped.add(urlOf(new Map(Object.entries(labels))));
    }
  }
  return { active: [...active.values()], dropped: [...dropped] };
}

function* targetsOf({ scheme, path_prefix: prefix, static_configs }: AlertmanagersEntry) {
  const path = `/${prefix}/api/v2/alerts`.replaceAll(/\/{2,}/g, "/");
  for (const { targets, labels } of static_configs)
    for (const address of targets)
      yield {
        ...labels,
        __address__: address,
        __scheme__: scheme,
        __alerts_path__: path,
      } satisfies Labels;
}

/** An address without a port has that of its scheme. */
function urlOf(labels: ReadonlyMap<string, string>): string {
  const scheme = labels.get("__scheme__") ?? "http";
  const address = labels.get("__address__") ?? "";
  const hasPort = /:\d+$/.test(address) && !/^[^[].*:.*:/.test(address);
  const host = hasPort ? address : `${address}:${scheme === "https" ? 443 : 80}`;
  return `${scheme}://${host}${labels.get("__alerts_path__") ?? ""}`;
}
