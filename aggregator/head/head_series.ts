import { assert } from "#shared/assert.ts";
import type { LaneId } from "#proto/bus/agent_port.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { SeriesSamples } from "../query/source.ts";
import type { SampleRun } from "../store/cut_metrics.ts";
import { startsAt, type StartChange } from "../query/start_timestamps.ts";
import type { SampleSink } from "./sample_sink.ts";
import type { SampleTable } from "./sample_table.ts";

/** In place of a hash: no limit on series asks for it. */
export const notLimited = 0;

/** A series in one generation: where its samples lie in tables. */
export class HeadSeries {
  readonly labels: Labels;
  /** labelsKey of the labels. */
  readonly key: string;
  /** hashOf(key), where its tenant has a limit on series; notLimited else. */
  readonly hash: number;
  readonly #places: { readonly table: SampleTable; readonly column: number }[] = [];

  constructor(labels: Labels, key: string, hash: number) {
    this.labels = labels;
    this.key = key;
    this.hash = hash;
  }

  addPlace(table: SampleTable, column: number): void {
    this.#places.push({ table, column });
  }

  /** Samples within [startMs, endMs], ascending and unique in time, in memory of their own. */
  select(startMs: number, endMs: number, sink: SampleSink): SeriesSamples {
    this.#collect(startMs, endMs, sink);
    const samples = sink.take();
    const starts = this.#starts(samples.timestampsMs, samples.values.length);
    return { labels: this.labels, key: this.key, ...samples, ...starts };
  }

  /** Samples within [startMs, endMs], ascending and unique in time: in the sink's memory, good until it is used again. */
  read(sink: SampleSink, startMs: number, endMs: number): SampleRun {
    this.#collect(startMs, endMs, sink);
    const run = sink.run();
    const starts = this.#starts(run.timestampsMs, run.count);
    return starts === undefined ? run : { ...run, ...starts };
  }

  /** Start timestamps of the first `count` of these times; undefined where none is known. */
  #starts(timestampsMs: Float64Array, count: number): { starts: Float64Array } | undefined {
    let changes: readonly StartChange[] | undefined;
    for (const { table, column } of this.#places) {
      const some = table.starts(column);
      if (some !== undefined) changes = changes === undefined ? some : [...changes, ...some];
    }
    if (changes === undefined || count === 0) return undefined;
    return { starts: startsAt(timestampsMs.subarray(0, count), changes) };
  }

  /** Whether one of its samples is within [startMs, endMs]. */
  hasSample(startMs: number, endMs: number): boolean {
    return this.#places.some(({ table, column }) => table.hasSample(column, startMs, endMs));
  }

  /** How many samples have a time that another one has. `duplicate` is told the lane of each, and whether the other says the same. */
  countDuplicates(sink: SampleSink, duplicate: (lane: LaneId, isSame: boolean) => void): number {
    if (this.#isInOrder()) return 0;
    this.#collect(-Infinity, Infinity, sink);
    return sink.duplicates((index, isSame) => {
      const place = this.#places[index];
      assert(place !== undefined, "a sample comes from one of the series' tables");
      duplicate(place.table.lane, isSame);
    });
  }

  /** Known without looking at samples, as it is for nearly all series. */
  #isInOrder(): boolean {
    let lastMs: number | undefined = -Infinity;
    for (const { table, column } of this.#places) {
      lastMs = table.lastInOrder(column, lastMs);
      if (lastMs === undefined) return false;
    }
    return true;
  }

  #collect(startMs: number, endMs: number, sink: SampleSink): void {
    sink.clear();
    for (const [index, { table, column }] of this.#places.entries()) {
      sink.from(index);
      table.read(column, startMs, endMs, sink);
    }
  }
}
