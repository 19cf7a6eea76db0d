import { OperatingError } from "#shared/errors.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { Steps } from "../transport/decode_turns.ts";
import type { PushedFamily, PushedSample } from "./exposition.ts";

export type Group = {
  readonly labels: Labels;
  readonly families: ReadonlyMap<string, PushedFamily>;
  /** Unix milliseconds of the last good and the last bad push; 0 where there was none. */
  readonly pushedMs: number;
  readonly failedMs: number;
};

/** What a change to a group takes away, so that it gets stale markers. */
export type Change = { readonly group: Group | undefined; readonly gone: readonly Labels[] };

export type GroupLimits = { readonly groupsMax: number; readonly samplesMax: number };

/** The groups that stand at this moment. A change is made first, then carried out by set() when it is in the spool. */
export class Groups {
  readonly #limits: GroupLimits;
  readonly #groups = new Map<string, Group>();
  #samples = 0;

  constructor(limits: GroupLimits) {
    this.#limits = limits;
  }

  all(): Iterable<Group> {
    return this.#groups.values();
  }

  /** PUT replaces all of a group, POST the families of the same names. Throws OperatingError("bad_request") over the limits. */
  *pushed(
    labels: Labels,
    families: ReadonlyMap<string, PushedFamily>,
    keepsOthers: boolean,
    nowMs: number,
  ): Steps<Change> {
    const before = this.#groups.get(labelsKey(labels));
    const merged = new Map([...(keepsOthers ? (before?.families ?? []) : []), ...families]);
    const group = { labels, families: merged, pushedMs: nowMs, failedMs: before?.failedMs ?? 0 };
    if (before === undefined && this.#groups.size >= this.#limits.groupsMax)
      throw new OperatingError("bad_request", `more than ${this.#limits.groupsMax} groups`);
    if (this.#samples - countOf(before) + countOf(group) > this.#limits.samplesMax)
      throw new OperatingError("bad_request", `more than ${this.#limits.samplesMax} pushed series`);
    return { group, gone: yield* goneBetween(before, group) };
  }

  /** A push that was refused marks the group that there is. */
  failed(labels: Labels, nowMs: number): void {
    const group = this.#groups.get(labelsKey(labels));
    if (group !== undefined) this.set(labels, { ...group, failedMs: nowMs });
  }

  *deleted(labels: Labels): Steps<Change> {
    const before = this.#groups.get(labelsKey(labels));
    return { group: undefined, gone: yield* goneBetween(before, undefined) };
  }

  set(labels: Labels, group: Group | undefined): void {
    const key = labelsKey(labels);
    this.#samples += countOf(group) - countOf(this.#groups.get(key));
    if (group === undefined) this.#groups.delete(key);
    else this.#groups.set(key, group);
  }
}

/** The group's samples, with those that tell when it was pushed. */
export function* samplesOf(group: Group): Generator<PushedSample> {
  for (const { samples } of group.families.values()) yield* samples;
  yield timeSample(group, "push_time_seconds", group.pushedMs);
  yield timeSample(group, "push_failure_time_seconds", group.failedMs);
}

function timeSample({ labels }: Group, name: string, timeMs: number): PushedSample {
  return { labels: { ...labels, __name__: name }, value: timeMs / 1_000 };
}

function countOf(group: Group | undefined): number {
  let count = 0;
  for (const { samples } of group?.families.values() ?? []) count += samples.length;
  return count;
}

function* goneBetween(before: Group | undefined, after: Group | undefined): Steps<Labels[]> {
  if (before === undefined) return [];
  const kept = new Set<string>();
  if (after !== undefined)
    for (const { labels } of samplesOf(after)) {
      yield;
      kept.add(labelsKey(labels));
    }
  const gone: Labels[] = [];
  for (const { labels } of samplesOf(before)) {
    yield;
    if (!kept.has(labelsKey(labels))) gone.push(labels);
  }
  return gone;
}
