import { type Labels, labelsKey } from "#shared/model/labels.ts";
import { grown } from "./window.ts";

/** Where a column belongs to no series of a rule. */
export const noSeries = -1;
const firstLength = 64;

/** The series that a rule knows: parallel columns, indexed by series. */
export class InputSeries {
  readonly #max: number;
  readonly #indexes = new Map<string, number>();
  readonly #origins = new Map<string, number>();
  /** By origin: its first sample's time, NaN before it. */
  #originFirstMs: number[] = [];
  group = new Int32Array(firstLength);
  #origin = new Int32Array(firstLength);
  /** Of the last sample, NaN before the first. */
  lastMs = new Float64Array(firstLength).fill(Number.NaN);
  last = new Float64Array(firstLength);
  /** End of the interval that the last sample was in; 0 where that is settled. */
  windowMs = new Float64Array(firstLength);
  /** 1 from a stale marker to the next sample. */
  ended = new Uint8Array(firstLength);

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#indexes.size;
  }

  get isFull(): boolean {
    return this.#indexes.size >= this.#max;
  }

  /** The series' index, or noSeries where it is not known. */
  indexOf(labels: Labels): number {
    return this.#indexes.get(labelsKey(labels)) ?? noSeries;
  }

  /** A new series of that group; only while there is room. `originMs`: since when its origin is known. */
  open(labels: Labels, group: number, originMs = Number.NaN): number {
    const index = this.#indexes.size;
    if (index >= this.group.length) this.#grow(2 * index);
    this.#indexes.set(labelsKey(labels), index);
    this.group[index] = group;
    this.lastMs[index] = Number.NaN;
    this.windowMs[index] = 0;
    this.ended[index] = 0;
    const origin = this.#originOf(labels);
    this.#origin[index] = origin;
    if (Number.isNaN(this.#originFirstMs[origin] ?? 0)) this.#originFirstMs[origin] = originMs;
    return index;
  }

  /**
   * Whether the first sample of a series counts from zero: what it comes from was known for `afterMs` by then, so the series has
   * come into being since. Else nobody knows how much of it is older than the agent.
   */
  isBorn(index: number, timestampMs: number, afterMs: number): boolean {
    const origin = this.#origin[index] ?? 0;
    const firstMs = this.#originFirstMs[origin] ?? Number.NaN;
    if (Number.isNaN(firstMs)) this.#originFirstMs[origin] = timestampMs;
    return timestampMs >= firstMs + afterMs;
  }

  #originOf(labels: Labels): number {
    const { job = "", instance = "" } = labels;
    const key = labelsKey({ job, instance });
    let origin = this.#origins.get(key);
    if (origin === undefined) {
      origin = this.#originFirstMs.push(Number.NaN) - 1;
      this.#origins.set(key, origin);
    }
    return origin;
  }

  /** Forgets the series whose last sample is older; false, and nothing happens, unless they are many. Indexes are others afterwards. */
  sweep(beforeMs: number, isMany: (idle: number, size: number) => boolean): boolean {
    let idle = 0;
    for (const [, index] of this.#indexes) if (!this.#isSince(index, beforeMs)) idle++;
    if (!isMany(idle, this.#indexes.size)) return false;
    const kept = [...this.#indexes].filter(([, index]) => this.#isSince(index, beforeMs));
    const { group, lastMs, last, windowMs, ended } = this;
    const [origin, firstMs, origins] = [this.#origin, this.#originFirstMs, [...this.#origins]];
    this.#indexes.clear();
    this.#origins.clear();
    this.#originFirstMs = [];
    const originNow = new Map<number, number>();
    const used = new Set(kept.map(([, index]) => origin[index] ?? 0));
    for (const [key, old] of origins) {
      if (!used.has(old)) continue;
      const now = this.#originFirstMs.push(firstMs[old] ?? Number.NaN) - 1;
      originNow.set(old, now);
      this.#origins.set(key, now);
    }
    // In the order of indexes, each is at or before its old place.
    for (const [key, from] of kept) {
      const to = this.#indexes.size;
      this.#indexes.set(key, to);
      for (const column of [group, lastMs, last, windowMs, ended]) column[to] = column[from] ?? 0;
      origin[to] = originNow.get(origin[from] ?? 0) ?? 0;
    }
    return true;
  }

  #isSince(index: number, ms: number): boolean {
    const lastMs = this.lastMs[index] ?? Number.NaN;
    return !Number.isNaN(lastMs) && lastMs >= ms;
  }

  #grow(length: number): void {
    this.group = grown(this.group, length, 0);
    this.#origin = grown(this.#origin, length, 0);
    this.lastMs = grown(this.lastMs, length, Number.NaN);
    this.last = grown(this.last, length, 0);
    this.windowMs = grown(this.windowMs, length, 0);
    this.ended = grown(this.ended, length, 0);
  }
}
