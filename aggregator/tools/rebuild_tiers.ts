import { comparePositions } from "#shared/model/position.ts";
import type { Span } from "#shared/model/spans.ts";
import { joinLanes, type LaneNote } from "../blocks/file/block_metadata.ts";
import { isLater } from "../catalog/lane_commit.ts";
import type { FoundFile } from "./rebuild_choice.ts";
import type { Block, LaneCommit } from "../read/store.ts";
import { windowsOf, windowStart } from "../blocks/tiers/windows.ts";

export type TierFiles = {
  readonly chosen: readonly FoundFile[];
  readonly leftOut: readonly Block[];
};

/**
 * Which files of tiers are blocks: of a window the latest that is there in all its parts. An older one was replaced by it, or the
 * later one was left behind by a crash before its commit; what that says is as true.
 */
export function chooseTierFiles(found: readonly FoundFile[]): TierFiles {
  const chosen: FoundFile[] = [];
  for (const files of Map.groupBy(found, windowOf).values()) {
    const groups = Map.groupBy(files, ({ block, note }) => note?.merge?.group ?? block.id);
    const whole = [...groups]
      .filter(([, parts]) => isWhole(parts))
      .toSorted(([a], [b]) => (a < b ? 1 : -1));
    chosen.push(...(whole[0]?.[1] ?? []));
  }
  const ids = new Set(chosen.map(({ block }) => block.id));
  return {
    chosen,
    leftOut: found.filter(({ block }) => !ids.has(block.id)).map(({ block }) => block),
  };
}

function windowOf({ block, note }: FoundFile): string {
  const { tenant, bucketMs = 0, maxMs } = block;
  return JSON.stringify([tenant, bucketMs, note?.tier?.windowMs ?? windowStart(maxMs)]);
}

function isWhole(files: readonly FoundFile[]): boolean {
  const parts = files.flatMap(({ note }) => note?.merge ?? []);
  return parts.some(({ part, isLast }) => isLast && part === parts.length - 1);
}

/** Blocks with what of them is in the next tier, by the frames that the tier has. */
export function withTieredWindows(
  files: readonly FoundFile[],
  tiers: readonly FoundFile[],
): Block[] {
  const widths = [...new Set(tiers.map(({ block }) => block.bucketMs ?? 0))].toSorted(
    (a, b) => a - b,
  );
  return files.map((file) => {
    const { block } = file;
    const nextMs = widths.find((width) => width > (block.bucketMs ?? 0));
    if (block.signal !== "metrics" || nextMs === undefined) return block;
    const tiered = windowsOf(block).filter((windowMs) =>
      isHeld(
        file,
        tiers.filter(
          ({ block: { tenant, bucketMs }, note }) =>
            tenant === block.tenant && bucketMs === nextMs && note?.tier?.windowMs === windowMs,
        ),
      ),
    );
    return tiered.length === 0 ? block : { ...block, tiered };
  });
}

function isHeld({ block, note }: FoundFile, tier: readonly FoundFile[]): boolean {
  if (tier.some((one) => one.note?.tier?.sources.includes(block.id) === true)) return true;
  const lanes = note?.lanes ?? [];
  const held = joinLanes(tier.map((one) => one.note?.lanes ?? []));
  return lanes.length > 0 && lanes.every((lane) => isCovered(lane, held));
}

function isCovered({ commit, spans }: LaneNote, held: readonly LaneNote[]): boolean {
  const own = held.find((one) => one.commit.lane.agent === commit.lane.agent);
  return spans.every((span) => own?.spans.some((other) => isWithin(span, other)) === true);
}

function isWithin(inner: Span, outer: Span): boolean {
  return comparePositions(outer.from, inner.from) <= 0 && comparePositions(inner.to, outer.to) <= 0;
}

/** The state of lanes as tiers' files have it: where samples are gone they are all that tells of it. */
export function lanesOfTiers(
  lanes: readonly LaneCommit[],
  tiers: readonly FoundFile[],
): LaneCommit[] {
  const byLane = new Map(lanes.map((commit) => [keyOf(commit), commit]));
  for (const { commit } of tiers.flatMap(({ note }) => note?.lanes ?? [])) {
    const known = byLane.get(keyOf(commit));
    if (known === undefined || isLater(commit, known)) byLane.set(keyOf(commit), commit);
  }
  return [...byLane.values()];
}

function keyOf({ lane }: LaneCommit): string {
  return JSON.stringify([lane.tenant, lane.agent, lane.signal]);
}
