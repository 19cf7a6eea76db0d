import { type Span, withoutSpans } from "#shared/model/spans.ts";
import type { LaneNote } from "./file/block_metadata.ts";
import { framesOf } from "../catalog/lane_commit.ts";
import type { Block, LaneCommit } from "../read/store.ts";

/** Which frames of each lane are committed. */
export class CommittedFrames {
  readonly #frames = new Map<string, readonly Span[]>();

  moved(lanes: readonly LaneCommit[]): void {
    for (const commit of lanes) this.#frames.set(laneKey(commit.lane), framesOf(commit));
  }

  /** Which frames the blocks of a cut hold: those that the cut has more than what is committed. */
  notes(lanes: readonly LaneCommit[], tenant: string, signal: Block["signal"]): LaneNote[] {
    return lanes
      .filter(({ lane }) => lane.tenant === tenant && lane.signal === signal)
      .map((commit) => {
        const known = this.#frames.get(laneKey(commit.lane)) ?? [];
        return { spans: withoutSpans(framesOf(commit), known), commit };
      });
  }
}

function laneKey({ tenant, agent, signal }: LaneCommit["lane"]): string {
  return JSON.stringify([tenant, agent, signal]);
}
