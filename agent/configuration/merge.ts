import { defaultSources } from "../collect/sources/config.ts";
import { hostKeys } from "./host_keys.ts";

/** YAML as plain data. */
export type Plain = Readonly<Record<string, unknown>>;

/** Lists whose entries are told apart by what they are called; an entry without a name is one of all that have none. */
const keyed: Readonly<Record<string, (entry: Plain) => string>> = {
  scrape_configs: ({ job_name }) => JSON.stringify(job_name),
  sources: ({ type, name = null }) => JSON.stringify([type, name]),
  "probes.checks": ({ name }) => JSON.stringify(name),
};

/**
 * A host's file with layers laid over it; each wins over those before it. What is the host's own is always the file's. Of the rest, `remote`
 * takes nothing from the file, and `merged` everything that no layer replaces:
 *
 * - maps are merged key by key;
 * - scrape_configs (by job_name), sources (by type and name) and probes.checks (by name) are merged entry by entry: an entry replaces all
 *   those of the same key as a whole, others are added behind;
 * - everything else, other lists too, is replaced.
 */
export function mergeConfiguration(
  how: "merged" | "remote",
  file: Plain,
  layers: readonly Plain[],
): Plain {
  const base =
    how === "remote" ? pick(file, isOwn) : { ...file, sources: file["sources"] ?? defaultSources };
  return layers
    .map((layer) => pick(layer, (key) => !isOwn(key)))
    .reduce((under, over) => mergeMaps(under, over, ""), base);
}

const isOwn = (key: string): boolean => hostKeys.includes(key);

function pick(from: Plain, isWanted: (key: string) => boolean): Plain {
  return Object.fromEntries(Object.entries(from).filter(([key]) => isWanted(key)));
}

function mergeMaps(under: Plain, over: Plain, path: string): Plain {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const here = path === "" ? key : `${path}.${key}`;
    const before = Object.hasOwn(under, key) ? under[key] : undefined;
    const keyOf = keyed[here];
    if (keyOf !== undefined && Array.isArray(before) && Array.isArray(value))
      merged[key] = mergeLists(before, value, keyOf);
    else if (isMap(before) && isMap(value)) merged[key] = mergeMaps(before, value, here);
    else merged[key] = value;
  }
  return merged;
}

function mergeLists(
  under: readonly unknown[],
  over: readonly unknown[],
  keyOf: (entry: Plain) => string,
): unknown[] {
  const nameOf = (entry: unknown) => (isMap(entry) ? keyOf(entry) : undefined);
  const replaced = new Set(over.map(nameOf));
  return [...under.filter((entry) => !replaced.has(nameOf(entry))), ...over];
}

export function isMap(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
