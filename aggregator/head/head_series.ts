import { assert } from "#shared/assert.ts";
import type { LaneId } from "#proto/bus/agent_port.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { SeriesSamples } from "../query/source.ts";
import type { SampleSink } from "./sample_sink.ts";
import type { SampleTable } from "./sample_table.ts";

/** A series in one generation: where its samples lie in tables, or, once frozen, the samples themselves. */
export class HeadSeries {
  readonly labels: Labels;
  /** labelsKey of the labels. */
  readonly key: string;
  #places: { readonly table: SampleTable; readonly column: number }[] = [];
  #frozen: SeriesSamples | undefined;

  constructor(labels: Labels, key: string) {
    this.labels = labels;
    this.key = key;
  }

  addPlace(table: SampleTable, column: number): void {
    assert(this.#frozen === undefined, "a frozen series takes no more samples");
    this.#places.push({ table, column });
  }

  /** Samples within [startMs, endMs], ascending and unique in time. Of a frozen series a view. */
  select(startMs: number, endMs: number, sink: SampleSink): SeriesSamples {
    if (this.#frozen !== undefined) return sliceOf(this.#frozen, startMs, endMs);
    return { labels: this.labels, key: this.key, ...this.#read(startMs, endMs, sink) };
  }

  /** Takes the samples out of the tables, for good. `duplicate` is told the lane of each sample that is left out. */
  freeze(sink: SampleSink, duplicate: (lane: LaneId) => void): SeriesSamples {
    const places = this.#places;
    const samples = this.#read(-Infinity, Infinity, sink, (table) => {
      const place = places[table];
      assert(place !== undefined, "a sample comes from one of the series' tables");
      duplicate(place.table.lane);
    });
    this.#frozen = { labels: this.labels, key: this.key, ...samples };
    this.#places = [];
    return this.#frozen;
  }

  #read(startMs: number, endMs: number, sink: SampleSink, duplicate?: (table: number) => void) {
    sink.clear();
    for (const [index, { table, column }] of this.#places.entries()) {
      sink.from(index);
      table.read(column, startMs, endMs, sink);
    }
    return sink.take(duplicate);
  }
}

function sliceOf(series: SeriesSamples, startMs: number, endMs: number): SeriesSamples {
  const { timestampsMs, values } = series;
  const start = lowerBound(timestampsMs, startMs);
  let end = lowerBound(timestampsMs, endMs);
  if (timestampsMs[end] === endMs) end++;
  const slice = {
    ...series,
    timestampsMs: timestampsMs.subarray(start, end),
    values: values.subarray(start, end),
  };
  if (series.histograms === undefined) return slice;
  return { ...slice, histograms: series.histograms.slice(start, end) };
}

/** Index of the first time that is not before `time`. */
function lowerBound(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
