import type { Labels } from "#shared/model/labels.ts";
import type { FoundSeries } from "../../read/store.ts";

/** What a store would have found. */
export function foundSeries(...all: readonly Labels[]): FoundSeries {
  return {
    labels: () => Promise.resolve([...all]),
    names: () => Promise.resolve(new Set(all.flatMap((labels) => Object.keys(labels)))),
    values: (name) => Promise.resolve(new Set(all.flatMap((labels) => labels[name] ?? []))),
  };
}
