import type { LaneId } from "#proto/bus/agent_port.ts";
import { type Histogram, sampleWeight } from "#shared/model/histogram.ts";
import type { HistogramSamples, SparseSamples } from "#shared/model/metrics.ts";
import { isAbsent, wordsOf } from "#shared/model/special_values.ts";
import type { SampleSink } from "./sample_sink.ts";

const chunkBytesMax = 64 * 1024;
const chunkRowsMax = 16;

/** Rows of one width, one after another. */
type Chunk = {
  readonly width: number;
  readonly values: Float64Array;
  readonly words: Uint32Array;
  readonly timestampsMs: Float64Array;
  /** Which append brought the row, counted over the whole head: of equal times the first one in stands. */
  readonly arrivals: Float64Array;
  rows: number;
  minMs: number;
  maxMs: number;
};

type SparseColumn = {
  timestampsMs: Float64Array;
  arrivals: Float64Array;
  values: Float64Array;
  count: number;
};

type HistogramEntry = {
  readonly timestampMs: number;
  readonly arrival: number;
  readonly histogram: Histogram;
};

/** The samples of one decoded schema, so of one lane: a matrix in chunks of rows, and columns of sparse samples beside it. */
export class SampleTable {
  readonly lane: LaneId;
  #bytes = 0;
  readonly #chunks: Chunk[] = [];
  readonly #sparse = new Map<number, SparseColumn>();
  readonly #histograms = new Map<number, HistogramEntry[]>();

  constructor(lane: LaneId) {
    this.lane = lane;
  }

  /** Returns by how many bytes the table grew. */
  appendRow(timestampMs: number, values: Float64Array, arrival: number): number {
    const before = this.#bytes;
    let chunk = this.#chunks.at(-1);
    if (
      chunk === undefined ||
      chunk.width !== values.length ||
      chunk.rows === chunk.timestampsMs.length
    )
      chunk = this.#open(values.length);
    // From and to a Float64Array, so that memory is copied and NaN bits stay.
    chunk.values.set(values, chunk.rows * chunk.width);
    chunk.timestampsMs[chunk.rows] = timestampMs;
    chunk.arrivals[chunk.rows] = arrival;
    chunk.rows++;
    chunk.minMs = Math.min(chunk.minMs, timestampMs);
    chunk.maxMs = Math.max(chunk.maxMs, timestampMs);
    return this.#bytes - before;
  }

  #open(width: number): Chunk {
    const rows = Math.min(chunkRowsMax, Math.max(1, Math.floor(chunkBytesMax / (8 * width + 1))));
    const values = new Float64Array(rows * width);
    const chunk = {
      width,
      values,
      words: wordsOf(values),
      timestampsMs: new Float64Array(rows),
      arrivals: new Float64Array(rows),
      rows: 0,
      minMs: Number.POSITIVE_INFINITY,
      maxMs: Number.NEGATIVE_INFINITY,
    };
    this.#chunks.push(chunk);
    this.#bytes += 8 * (rows * width + 2 * rows) + 300;
    return chunk;
  }

  /** Returns by how many bytes the table grew. */
  appendSparse(samples: SparseSamples, index: number, arrival: number): number {
    const before = this.#bytes;
    const number = samples.columns[index] ?? 0;
    let column = this.#sparse.get(number);
    if (column === undefined) {
      column = {
        timestampsMs: new Float64Array(4),
        arrivals: new Float64Array(4),
        values: new Float64Array(4),
        count: 0,
      };
      this.#sparse.set(number, column);
      this.#bytes += 400;
    }
    if (column.count === column.values.length) {
      this.#bytes += 24 * column.count;
      column.timestampsMs = doubled(column.timestampsMs);
      column.arrivals = doubled(column.arrivals);
      column.values = doubled(column.values);
    }
    column.timestampsMs[column.count] = samples.timestampsMs[index] ?? 0;
    column.arrivals[column.count] = arrival;
    column.values.set(samples.values.subarray(index, index + 1), column.count);
    column.count++;
    return this.#bytes - before;
  }

  /** Returns by how many bytes the table grew. */
  appendHistogram(samples: HistogramSamples, index: number, arrival: number): number {
    const histogram = samples.histograms[index];
    if (histogram === undefined) return 0;
    const number = samples.columns[index] ?? 0;
    const entry = { timestampMs: samples.timestampsMs[index] ?? 0, arrival, histogram };
    const known = this.#histograms.get(number);
    if (known === undefined) this.#histograms.set(number, [entry]);
    else known.push(entry);
    const bytes = 100 + 16 * sampleWeight(histogram);
    this.#bytes += bytes;
    return bytes;
  }

  /** Hands a column's samples within [startMs, endMs] to the sink, in order of arrival. */
  read(column: number, startMs: number, endMs: number, sink: SampleSink): void {
    for (const chunk of this.#chunks) {
      if (column >= chunk.width || chunk.maxMs < startMs || chunk.minMs > endMs) continue;
      const { timestampsMs, arrivals, words, width } = chunk;
      for (let row = 0; row < chunk.rows; row++) {
        const timestampMs = timestampsMs[row] ?? 0;
        const index = row * width + column;
        if (timestampMs < startMs || timestampMs > endMs || isAbsent(words, index)) continue;
        sink.push(
          timestampMs,
          words[2 * index] ?? 0,
          words[2 * index + 1] ?? 0,
          arrivals[row] ?? 0,
        );
      }
    }
    for (const { timestampMs, arrival, histogram } of this.#histograms.get(column) ?? []) {
      if (timestampMs < startMs || timestampMs > endMs) continue;
      sink.pushHistogram(timestampMs, histogram, arrival);
    }
    const sparse = this.#sparse.get(column);
    if (sparse === undefined) return;
    const words = wordsOf(sparse.values);
    for (let i = 0; i < sparse.count; i++) {
      const timestampMs = sparse.timestampsMs[i] ?? 0;
      if (timestampMs < startMs || timestampMs > endMs || isAbsent(words, i)) continue;
      sink.push(timestampMs, words[2 * i] ?? 0, words[2 * i + 1] ?? 0, sparse.arrivals[i] ?? 0);
    }
  }
}

function doubled(values: Float64Array): Float64Array {
  const grown = new Float64Array(values.length * 2);
  grown.set(values);
  return grown;
}
