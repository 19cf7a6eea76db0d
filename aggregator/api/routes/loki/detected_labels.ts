import type { Labels } from "#shared/model/labels.ts";

/** These are told whatever their values look like. */
const alwaysTold: ReadonlySet<string> = new Set(["cluster", "namespace", "instance", "pod"]);
const uuid = /^[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;
const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

export type DetectedLabel = { readonly label: string; readonly cardinality: number };

/** Labels worth choosing by: those whose values are all numbers or UUIDs are left out, as by Loki. */
export function detectedLabels(streams: readonly Labels[]): DetectedLabel[] {
  const values = new Map<string, Set<string>>();
  for (const stream of streams)
    for (const [name, value] of Object.entries(stream)) {
      const known = values.get(name);
      if (known === undefined) values.set(name, new Set([value]));
      else known.add(value);
    }
  return Array.from(values)
    .filter(([name, found]) => alwaysTold.has(name) || !isOfIds(found))
    .map(([label, found]) => ({ label, cardinality: found.size }))
    .toSorted((a, b) => (a.label < b.label ? -1 : 1));
}

function isOfIds(values: ReadonlySet<string>): boolean {
  for (const value of values) if (!uuid.test(value) && !number.test(value)) return false;
  return true;
}
