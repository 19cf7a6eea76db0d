import type { LogsSource, SeriesRequest } from "../../../read/source.ts";

/** These are told whatever their values look like. */
const alwaysTold: ReadonlySet<string> = new Set(["cluster", "namespace", "instance", "pod"]);
const uuid = /^[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;
const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

export type DetectedLabel = { readonly label: string; readonly cardinality: number };

/** Labels worth choosing by: those whose values are all numbers or UUIDs are left out, as by Loki. */
export async function detectedLabels(
  logs: LogsSource,
  request: SeriesRequest,
): Promise<DetectedLabel[]> {
  const values = new Map<string, Set<string>>();
  await logs.eachStream(request, (labels) => {
    for (const name in labels) {
      const known = values.get(name);
      if (known === undefined) values.set(name, new Set([labels[name] ?? ""]));
      else known.add(labels[name] ?? "");
    }
  });
  return Array.from(values)
    .filter(([name, found]) => alwaysTold.has(name) || !isOfIds(found))
    .map(([label, found]) => ({ label, cardinality: found.size }))
    .toSorted((a, b) => (a.label < b.label ? -1 : 1));
}

function isOfIds(values: ReadonlySet<string>): boolean {
  for (const value of values) if (!uuid.test(value) && !number.test(value)) return false;
  return true;
}
