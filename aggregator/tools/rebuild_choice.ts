import {
  joinLanes,
  spansOverlap,
  type FileNote,
  type LaneNote,
} from "../blocks/file/block_metadata.ts";
import { joinSpans, type Span, withoutSpans } from "#shared/model/spans.ts";
import { framesOf } from "../catalog/lane_commit.ts";
import type { Block, LaneCommit } from "../read/store.ts";

/** A block's file as it was found in the object store. `note` is absent for files older than notes. */
export type FoundFile = { readonly block: Block; readonly note: FileNote | undefined };

export type Choice = {
  readonly files: readonly FoundFile[];
  readonly lanes: readonly LaneCommit[];
  /** Files whose content is in others: the inputs of merges, and what a crash left behind. */
  readonly leftOut: readonly Block[];
};

type Group = { readonly id: string; readonly files: readonly FoundFile[] };

/**
 * Which files are the blocks, out of all that lie there: some were merged into others and are not deleted yet, some were
 * left behind by a crash before their commit. Of two that hold the same frames the later one stands: the frames of a
 * commit that failed were committed again, and a merge comes after what it merged. A merge of several files counts only
 * when all of them are there; while its inputs are, too, it may not have been committed.
 */
export function chooseBlocks(found: readonly FoundFile[]): Choice {
  const groups = groupsOf(found);
  const accepted: FoundFile[] = [];
  const frames = new Map<string, Span[]>();
  const replaced = new Set<string>();
  const cuts = new Set<string>();
  for (const [i, group] of groups.entries()) {
    const files = group.files.filter(({ block }) => !replaced.has(block.id));
    if (!isWhole(group) && groups.slice(i + 1).some((older) => isInputOf(older, group))) continue;
    // A file is merged once: the later merge of the same ones was begun because this one was never committed.
    if (files.some(({ note }) => note?.merge?.replaces.some((id) => replaced.has(id)) === true))
      continue;
    const isPartial = files.some(({ note }) => note?.merge?.isPartial === true);
    // Its files have its frames together, and what was merged of them later says that it was committed.
    const isCut = isOfCommit(group) && !cuts.has(group.id);
    if ((isCut || !isPartial) && files.some((file) => overlaps(frames, file))) continue;
    if (isCut && !isWhole(group) && !files.some((file) => isPassed(accepted, file))) continue;
    // Of those that are replaced themselves, too: what they replaced does not come back.
    for (const { note } of group.files) {
      for (const id of note?.merge?.cuts ?? []) cuts.add(id);
      for (const id of note?.merge?.replaces ?? []) replaced.add(id);
    }
    for (const file of files) {
      accepted.push(file);
      for (const lane of file.note?.lanes ?? []) {
        const key = keyOf(lane);
        frames.set(key, joinSpans([...(frames.get(key) ?? []), ...lane.spans]));
      }
    }
  }
  const ids = new Set(accepted.map(({ block }) => block.id));
  return {
    files: accepted,
    lanes: lanesOf(accepted),
    leftOut: found.filter(({ block }) => !ids.has(block.id)).map(({ block }) => block),
  };
}

/** The latest first: ids and groups are UUIDs of version 7. */
function groupsOf(found: readonly FoundFile[]): Group[] {
  const byId = Map.groupBy(found, ({ block, note }) => note?.merge?.group ?? block.id);
  return [...byId].map(([id, files]) => ({ id, files })).toSorted((a, b) => (a.id < b.id ? 1 : -1));
}

function isWhole({ files }: Group): boolean {
  const merges = files.flatMap(({ note }) => note?.merge ?? []);
  if (merges.length === 0) return true;
  return merges.some(({ part, isLast }) => isLast && part === merges.length - 1);
}

function isOfCommit({ id, files }: Group): boolean {
  return files.some(({ note }) => note?.merge?.cuts?.includes(id) === true);
}

/** Whether a commit that came after it has its frames, so that it was one, and some of its files went with their time. */
function isPassed(accepted: readonly FoundFile[], { note }: FoundFile): boolean {
  const later = accepted.flatMap((file) => file.note?.lanes ?? []);
  return (note?.lanes ?? []).some((lane) =>
    later.some(
      (other) =>
        keyOf(other) === keyOf(lane) &&
        withoutSpans(lane.spans, framesOf(other.commit)).length === 0,
    ),
  );
}

function isInputOf(older: Group, group: Group): boolean {
  const isPartial = older.files.some(({ note }) => note?.merge?.isPartial === true);
  const replaces = new Set(group.files.flatMap(({ note }) => note?.merge?.replaces ?? []));
  if (older.files.some(({ block }) => replaces.has(block.id))) return true;
  return !isPartial && group.files.some((one) => older.files.some((two) => share(one, two)));
}

function share(one: FoundFile, two: FoundFile): boolean {
  return (one.note?.lanes ?? []).some((lane) =>
    (two.note?.lanes ?? []).some(
      (other) => keyOf(lane) === keyOf(other) && spansOverlap(lane.spans, other.spans),
    ),
  );
}

function overlaps(frames: ReadonlyMap<string, readonly Span[]>, { note }: FoundFile): boolean {
  return (note?.lanes ?? []).some((lane) =>
    spansOverlap(lane.spans, frames.get(keyOf(lane)) ?? []),
  );
}

function lanesOf(files: readonly FoundFile[]): LaneCommit[] {
  const bySignal = Map.groupBy(files, ({ block }) => JSON.stringify([block.tenant, block.signal]));
  return [...bySignal.values()].flatMap((some) =>
    joinLanes(some.map(({ note }) => note?.lanes ?? [])).map(({ commit }) => commit),
  );
}

function keyOf({ commit: { lane } }: LaneNote): string {
  return JSON.stringify([lane.tenant, lane.agent, lane.signal]);
}
