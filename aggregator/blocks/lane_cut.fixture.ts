import { cutOf, lines } from "../read/store.fixture.ts";
import type { SeriesSamples } from "../read/source.ts";
import type { Cut } from "../read/store.ts";

/** A cut as ingest makes them: everything in it is of a lane, records too. */
export function laneCut(k: number, metrics: readonly SeriesSamples[], recordMs = k): Cut {
  const cut = cutOf({ metrics, logs: lines("app", [`line ${k}`], recordMs) }, k);
  return {
    ...cut,
    lanes: cut.lanes.flatMap((commit) => [
      commit,
      { ...commit, lane: { ...commit.lane, signal: "logs" as const } },
    ]),
  };
}
