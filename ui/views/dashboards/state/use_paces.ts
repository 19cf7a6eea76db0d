import { useState, useSyncExternalStore } from "react";
import { z } from "zod";
import { sampleIntervalMs } from "../../../client/sample_interval.ts";
import { PaceStore } from "../../../dashboards/runner/pace_store.ts";
import { readItem, writeItem } from "../../../state/stored.ts";

const key = "lapwing.paces";
/** Panels tell what they want as their answers come; with this pause what they draw comes first. */
const pauseMs = 300;

const Kept = z.record(z.string(), z.object({ ms: z.number().nullable(), measuredMs: z.number() }));

/** How often samples come of the metrics of dashboards: what earlier pages measured holds for this one. */
export function usePaces(): { readonly paces: PaceStore; readonly version: number } {
  const [paces] = useState(
    () =>
      new PaceStore({
        measure: sampleIntervalMs,
        pause: () => new Promise((resolve) => setTimeout(resolve, pauseMs)),
        kept: readKept(),
        keep: (all) => writeItem(key, JSON.stringify(all)),
      }),
  );
  const [watch] = useState(() => (onChange: () => void) => paces.watch(onChange));
  const version = useSyncExternalStore(watch, () => paces.version);
  return { paces, version };
}

function readKept(): z.output<typeof Kept> {
  try {
    return Kept.catch({}).parse(JSON.parse(readItem(key) ?? "{}"));
  } catch {
    return {};
  }
}
