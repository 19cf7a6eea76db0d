// Hot: guarded by `bench ingest`, `bench pace`.
import { assert } from "#shared/assert.ts";
import type { LaneId } from "#proto/bus/agent_port.ts";
import { LabelSets } from "#shared/model/label_sets.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { ItemList } from "#shared/collections/paged_list.ts";
import type { SeriesSamples } from "../read/source.ts";
import type { SampleRun } from "../read/cut_metrics.ts";
import { startsAt, type StartChange } from "../read/start_timestamps.ts";
import type { SampleSink } from "./samples/sample_sink.ts";
import type { SampleTable } from "./samples/sample_table.ts";
import type { SeriesKeys } from "./series_keys.ts";
import { SeriesPlaces, noPlace } from "./series_places.ts";

/** Who asks for this share of all series, or more, asks for many. */
const manyShare = 8;

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  if (a.key === b.key) return 0;
  return a.key < b.key ? -1 : 1;
}

/** The series of a tenant in one generation, numbered from 0: their labels, and where their samples lie in tables. No object is held for a series. */
export class HeadSeries {
  readonly #keys: SeriesKeys;
  readonly #sets = new LabelSets();
  readonly #places = new SeriesPlaces();
  /** All numbers in the order of their keys, where that was asked for since the last one was added. */
  #order = new Uint32Array(0);

  constructor(keys: SeriesKeys) {
    this.#keys = keys;
  }

  get size(): number {
    return this.#sets.size;
  }

  /** By number. */
  get labels(): ItemList<Labels> {
    return this.#sets.all;
  }

  /** hashOf() the series' key. */
  hash(series: number): number {
    return this.#sets.hashAt(series);
  }

  /** Undefined where it is not here. */
  numberOf(labels: Labels, hash: number): number | undefined {
    return this.#sets.numberOf(labels, hash);
  }

  /** Adds one that is not here yet; returns its number. */
  add(labels: Labels, hash: number): number {
    return this.#sets.add(labels, hash);
  }

  addPlace(series: number, table: SampleTable, column: number): void {
    this.#places.add(series, table, column);
  }

  /**
   * The same numbers in the order of the series' keys. The order of all is kept while no series comes, for those who ask for many: to sort thousands
   * of keys takes longer than to read their samples.
   */
  inOrder(numbers: readonly number[]): readonly number[] {
    if (numbers.length * manyShare < this.size) {
      const keyed = numbers.map((number) => ({ number, key: this.#keyOf(number) }));
      return keyed.toSorted(byKey).map(({ number }) => number);
    }
    if (this.#order.length !== this.size) {
      const keyed = Array.from(this.labels, (_, number) => ({ number, key: this.#keyOf(number) }));
      this.#order = Uint32Array.from(keyed.toSorted(byKey), ({ number }) => number);
    }
    const isWanted = new Uint8Array(this.size);
    for (const number of numbers) isWanted[number] = 1;
    const sorted: number[] = [];
    for (const number of this.#order) if (isWanted[number] === 1) sorted.push(number);
    return sorted;
  }

  #keyOf(series: number): string {
    return this.#keys.keyOf(this.#sets.all.at(series) ?? {});
  }

  /** The lane that brought the series first. */
  lane(series: number): LaneId | undefined {
    return this.#places.table(this.#places.first(series))?.lane;
  }

  /** Samples within [startMs, endMs], ascending and unique in time; undefined where there are none. `isNewest` where only the newest counts. */
  select(
    series: number,
    startMs: number,
    endMs: number,
    sink: SampleSink,
    isNewest = false,
  ): (SeriesSamples & { readonly key: string }) | undefined {
    this.#collect(series, startMs, endMs, sink);
    if (sink.count === 0) return undefined;
    if (isNewest) sink.keepNewest();
    const { timestampsMs, values, histograms, fine } = sink.take();
    const starts = this.#starts(series, timestampsMs, values.length);
    const labels = this.#sets.all.at(series) ?? {};
    const key = this.#keys.keyOf(labels);
    if (starts === undefined && histograms === undefined && fine === undefined)
      return { labels, key, timestampsMs, values };
    return { labels, key, timestampsMs, values, histograms, fine, ...starts };
  }

  /** Samples within [startMs, endMs], ascending and unique in time: in the sink's memory, good until it is used again. */
  read(series: number, sink: SampleSink, startMs: number, endMs: number): SampleRun {
    this.#collect(series, startMs, endMs, sink);
    const run = sink.run();
    const starts = this.#starts(series, run.timestampsMs, run.count);
    return starts === undefined ? run : { ...run, ...starts };
  }

  /** Start timestamps of the first `count` of these times; undefined where none is known. */
  #starts(
    series: number,
    timestampsMs: Float64Array,
    count: number,
  ): { starts: Float64Array } | undefined {
    const places = this.#places;
    let changes: readonly StartChange[] | undefined;
    for (let place = places.first(series); place !== noPlace; place = places.next(place)) {
      const some = places.table(place)?.starts(places.column(place));
      if (some !== undefined) changes = changes === undefined ? some : [...changes, ...some];
    }
    if (changes === undefined || count === 0) return undefined;
    return { starts: startsAt(timestampsMs.subarray(0, count), changes) };
  }

  /** Whether one of its samples is within [startMs, endMs]. */
  hasSample(series: number, startMs: number, endMs: number): boolean {
    const places = this.#places;
    for (let place = places.first(series); place !== noPlace; place = places.next(place))
      if (places.table(place)?.hasSample(places.column(place), startMs, endMs) === true)
        return true;
    return false;
  }

  /** How many samples have a time that another one has. `duplicate` is told the lane of each, and whether the other says the same. */
  countDuplicates(
    series: number,
    sink: SampleSink,
    duplicate: (lane: LaneId, isSame: boolean) => void,
  ): number {
    if (this.#isInOrder(series)) return 0;
    this.#collect(series, -Infinity, Infinity, sink);
    return sink.duplicates((place, isSame) => {
      const table = this.#places.table(place);
      assert(table !== undefined, "a sample comes from one of the series' tables");
      duplicate(table.lane, isSame);
    });
  }

  /** Known without looking at samples, as it is for nearly all series. */
  #isInOrder(series: number): boolean {
    const places = this.#places;
    let lastMs: number | undefined = -Infinity;
    for (let place = places.first(series); place !== noPlace; place = places.next(place)) {
      lastMs = places.table(place)?.lastInOrder(places.column(place), lastMs);
      if (lastMs === undefined) return false;
    }
    return true;
  }

  #collect(series: number, startMs: number, endMs: number, sink: SampleSink): void {
    const places = this.#places;
    sink.clear();
    for (let place = places.first(series); place !== noPlace; place = places.next(place)) {
      sink.from(place);
      places.table(place)?.read(places.column(place), startMs, endMs, sink);
    }
  }
}
