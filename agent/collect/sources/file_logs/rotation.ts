import { dirname } from "node:path";
import type { Checkpoint } from "./checkpoint.ts";
import {
  type Sibling,
  continues,
  isCopyOf,
  isGenerationName,
  isInPlace,
  isPartOf,
  listFolder,
  markAt,
} from "./generations.ts";
import { type Tail, beginning, statFile } from "./tail.ts";

/** What rotation needs of the set of tails. A type of its own, because the set imports this file. */
type TailSet = {
  readonly tails: ReadonlyMap<string, Tail>;
  isExcluded(path: string): boolean;
  newTail(key: string, at: Checkpoint, state: Tail["state"], current: string): Tail;
  add(tail: Tail): boolean;
  drop(tail: Tail): void;
  remember(tail: Tail): void;
};

/**
 * How lines are found again that lie in older generations of a file.
 *
 * Rename and create: the file keeps its identity, and is read to its end wherever it is. Generations that came and went between
 * two looks, or while we did not run, match no tail: they are named after the file, and are younger than the youngest generation
 * that is known. They are read whole.
 *
 * Truncated twice between two looks: nothing was read of the content between, so nothing but its copy shows it. Copies since the first
 * truncation are read whole, too.
 *
 * Copy and truncate: the file keeps its identity and loses its content. The copy begins as the file began, and has at the stored
 * position what was read before it: it is read on from there. Until the original is truncated, a copy is left alone.
 */

/** Listing is repeated while a rotation renames files under it. */
const listingsMax = 5;

/** After `tail` lost its content: takes up the copy of it, and generations younger than the copy; then reads it from its start. */
export function adoptTruncated(set: TailSet, tail: Tail): void {
  const lost = tail.at;
  let siblings: Sibling[] = [];
  let copies: Sibling[] = [];
  for (let tries = 0; tries < listingsMax; tries++) {
    siblings = unreadGenerations(set, tail);
    copies = siblings.filter((sibling) => isCopyOf(tail, sibling)).toSorted(byTime);
    if (siblings.every((sibling) => isInPlace(sibling))) break;
  }
  const copy = copies.at(-1);
  const since = copy?.stat.mtimeNs ?? lost.mtimeNs;
  const younger = siblings
    .filter((sibling) => !copies.includes(sibling) && sibling.stat.mtimeNs >= since)
    .filter((sibling) => !isPartOf(sibling, tail.current))
    .toSorted(byTime);
  const older = tail.after.filter((before) => !before.drained);
  for (const sibling of copies) {
    const size = Number(sibling.stat.size);
    // Only the youngest copy can hold lines that were not read; the others are remembered, so that they are not read again.
    const offset = sibling === copy ? Math.min(lost.offset, size) : size;
    const mark = offset === lost.offset ? lost.mark : markAt(sibling.path, offset);
    const at = { ...lost, offset, mark, mtimeNs: sibling.stat.mtimeNs };
    adopt(set, set.newTail(sibling.key, at, "rotated", sibling.path), older);
  }
  for (const sibling of younger) adopt(set, wholeGeneration(set, tail, sibling), older);
  tail.restart(statFile(tail.current)?.mtimeNs ?? lost.mtimeNs);
  tail.after = older;
  set.remember(tail);
}

/**
 * After a rotated tail that was not held open was found with another content: either it was copied and truncated before it was
 * renamed, or it is gone, and its inode used again. A file of the latter kind is judged by the next scan like any other.
 */
export function adoptReplaced(set: TailSet, tail: Tail): void {
  const others = unreadGenerations(set, tail);
  if (others.some((sibling) => isCopyOf(tail, sibling))) adoptTruncated(set, tail);
  else set.drop(tail);
}

/** Takes up generations in `folder` that no scan has seen under the file's own name. */
export function adoptMissed(
  set: TailSet,
  folder: string,
  siblings: ReadonlyMap<string, Sibling>,
): void {
  const strangers = [...siblings.values()].filter(
    ({ key, path, stat }) => stat.size > 0n && !set.tails.has(key) && !set.isExcluded(path),
  );
  const families = new Map<string, Tail[]>();
  for (const tail of set.tails.values()) {
    if (dirname(tail.at.real) !== folder) continue;
    const family = families.get(tail.at.real);
    if (family === undefined) families.set(tail.at.real, [tail]);
    else family.push(tail);
  }
  for (const [path, family] of families) {
    const generations = strangers.filter((stranger) => isGenerationName(stranger.path, path));
    if (generations.length > 0 && !adoptMissedOf(set, family, generations)) continue;
    for (const tail of family) if (tail.at.offset > 0) tail.restartedNs = undefined;
  }
}

/** `family`: all tails of one path; `generations`: unknown files named after it. False where the folder changed meanwhile. */
function adoptMissedOf(set: TailSet, family: readonly Tail[], generations: Sibling[]): boolean {
  const live = family.find((tail) => tail.state === "live");
  const [last] = family
    .filter((tail) => tail.state !== "live")
    .toSorted((a, b) => Number(b.at.mtimeNs - a.at.mtimeNs));
  const like = last ?? live;
  const sinceNs = earliest([last?.at.mtimeNs, ...family.map(({ restartedNs }) => restartedNs)]);
  if (like === undefined || sinceNs === undefined) return true;
  const missed = generations
    .filter((sibling) => sibling.stat.mtimeNs >= sinceNs)
    .filter((sibling) => live === undefined || !isPartOf(sibling, live.current))
    .filter((sibling) => !family.some((tail) => isCopyOf(tail, sibling)))
    .toSorted(byTime);
  if (missed.length === 0) return true;
  // Checked after the comparisons, which say nothing about files that were renamed or truncated meanwhile.
  if (live !== undefined && live.statPath() === undefined) return false;
  if (!missed.every((sibling) => isInPlace(sibling))) return false;
  const truncated =
    family.find((tail) => tail.state === "rotated" && !tail.isIntact()) ??
    (live?.isIntact() === false ? live : undefined);
  if (truncated !== undefined) {
    adoptTruncated(set, truncated);
    return true;
  }
  const older = family.filter((tail) => tail.state === "rotated" && !tail.drained);
  for (const sibling of missed) adopt(set, wholeGeneration(set, like, sibling), older);
  if (live !== undefined) live.after = older;
  return true;
}

function earliest(times: readonly (bigint | undefined)[]): bigint | undefined {
  let least: bigint | undefined;
  for (const time of times)
    if (time !== undefined && (least === undefined || time < least)) least = time;
  return least;
}

/** Non-empty files beside the tail's, named after it, of which nothing was read, or not what they hold now. */
function unreadGenerations(set: TailSet, tail: Tail): Sibling[] {
  const path = tail.at.real;
  const siblings = listFolder(dirname(path), [path]) ?? new Map<string, Sibling>();
  return [...siblings.values()].filter((sibling) => {
    if (!isGenerationName(sibling.path, path) || set.isExcluded(sibling.path)) return false;
    if (sibling.stat.size === 0n || sibling.key === tail.key) return false;
    const known = set.tails.get(sibling.key);
    if (known === undefined) return true;
    if (known.state === "live" || continues(known.at, sibling.path) || !isInPlace(sibling))
      return false;
    // The old copy was overwritten with a new one, or removed, and its inode used again.
    set.drop(known);
    return true;
  });
}

function wholeGeneration(set: TailSet, like: Tail, { key, stat, path }: Sibling): Tail {
  const at = { ...like.at, ...beginning, mtimeNs: stat.mtimeNs };
  return set.newTail(key, at, "rotated", path);
}

/** Adds the tail after `older` ones, and itself to them. */
function adopt(set: TailSet, tail: Tail, older: Tail[]): void {
  tail.after = [...older];
  if (set.add(tail)) older.push(tail);
}

function byTime(a: Sibling, b: Sibling): number {
  return a.stat.mtimeNs < b.stat.mtimeNs ? -1 : a.stat.mtimeNs > b.stat.mtimeNs ? 1 : 0;
}
