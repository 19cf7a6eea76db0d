import type { LaneId } from "#proto/bus/agent_port.ts";
import { type Histogram, sampleWeight } from "#shared/model/histogram.ts";
import type { HistogramSamples, SparseSamples, StartTimestamps } from "#shared/model/metrics.ts";
import { isAbsent } from "#shared/model/special_values.ts";
import { type CellMemory, type Cells, cellsMax, newCells } from "./cell_memory.ts";
import type { StartChange } from "../query/start_timestamps.ts";
import type { SampleSink } from "./sample_sink.ts";
import { StartChanges } from "./start_changes.ts";
import { SparseLog } from "./sparse_log.ts";

const chunkRowsMax = 16;
/** Smaller chunks than this are of memory of their own: many narrow tables would waste a piece each. */
const sharedCellsMin = cellsMax / 2;

/** Rows of one width, one after another. */
type Chunk = Cells & {
  readonly width: number;
  /** Where `values` is a piece of the memory that is shared. */
  readonly isPiece: boolean;
  readonly timestampsMs: Float64Array;
  /** Which append brought the row, counted over the whole head: of equal times the first one in stands. */
  readonly arrivals: Float64Array;
  rows: number;
  minMs: number;
  maxMs: number;
};

type HistogramEntry = {
  readonly timestampMs: number;
  readonly arrival: number;
  readonly histogram: Histogram;
};

/** The samples of one decoded schema, so of one lane: a matrix in chunks of rows, and columns of sparse samples beside it. */
export class SampleTable {
  readonly lane: LaneId;
  readonly #memory: CellMemory;
  #bytes = 0;
  readonly #chunks: Chunk[] = [];
  #isAscending = true;
  #firstMs = Infinity;
  #lastMs = -Infinity;
  #sparse: SparseLog | undefined;
  readonly #histograms = new Map<number, HistogramEntry[]>();
  readonly #starts: StartChanges;

  /** `starts` are by column as they are when the table begins. */
  constructor(lane: LaneId, memory: CellMemory, starts?: ReadonlyMap<number, number>) {
    this.lane = lane;
    this.#memory = memory;
    this.#starts = new StartChanges(starts);
  }

  /** Start timestamps that change. */
  appendStarts(samples: StartTimestamps): void {
    this.#starts.append(samples);
  }

  /** What is known of a column's starts; undefined where nothing is. */
  starts(column: number): readonly StartChange[] | undefined {
    return this.#starts.of(column);
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
    if (timestampMs <= this.#lastMs) this.#isAscending = false;
    this.#firstMs = Math.min(this.#firstMs, timestampMs);
    this.#lastMs = Math.max(this.#lastMs, timestampMs);
    return this.#bytes - before;
  }

  #open(width: number): Chunk {
    const rows = Math.min(chunkRowsMax, Math.max(1, Math.floor(cellsMax / (width + 1))));
    const isPiece = rows * width > sharedCellsMin && rows * width <= cellsMax;
    const chunk = {
      ...(isPiece ? this.#memory.take() : newCells(rows * width)),
      width,
      isPiece,
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
  appendSparse(samples: SparseSamples, words: Uint32Array, index: number, arrival: number): number {
    const log = (this.#sparse ??= new SparseLog(this.#memory));
    const before = log.bytes;
    log.append(
      samples.columns[index] ?? 0,
      samples.timestampsMs[index] ?? 0,
      words[2 * index] ?? 0,
      words[2 * index + 1] ?? 0,
      arrival,
    );
    return log.bytes - before;
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

  /**
   * Where a column's samples are numbers that ascend in time and are after `afterMs`: a time that all of them are at or before.
   * Else undefined, and they must be sorted.
   */
  lastInOrder(column: number, afterMs: number): number | undefined {
    if (this.#histograms.size > 0 && this.#histograms.has(column)) return undefined;
    if (this.#sparse?.has(column) === true)
      return this.#chunks.length === 0 ? this.#sparse.lastInOrder(column, afterMs) : undefined;
    return this.#isAscending && this.#firstMs > afterMs
      ? Math.max(this.#lastMs, afterMs)
      : undefined;
  }

  /** Whether a column has a sample within [startMs, endMs]. */
  hasSample(column: number, startMs: number, endMs: number): boolean {
    for (const chunk of this.#chunks) {
      if (column >= chunk.width || chunk.maxMs < startMs || chunk.minMs > endMs) continue;
      const { timestampsMs, words, width } = chunk;
      for (let row = 0; row < chunk.rows; row++) {
        const timestampMs = timestampsMs[row] ?? 0;
        if (timestampMs < startMs || timestampMs > endMs) continue;
        if (!isAbsent(words, row * width + column)) return true;
      }
    }
    const isWithin = ({ timestampMs }: HistogramEntry) =>
      timestampMs >= startMs && timestampMs <= endMs;
    return (
      this.#histograms.get(column)?.some(isWithin) === true ||
      this.#sparse?.hasSample(column, startMs, endMs) === true
    );
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
    this.#sparse?.read(column, startMs, endMs, sink);
  }

  /** Pieces of the shared memory, which nobody reads any more. */
  pieces(): Cells[] {
    const pieces = this.#sparse?.pieces() ?? [];
    for (const { values, words, isPiece } of this.#chunks)
      if (isPiece) pieces.push({ values, words });
    return pieces;
  }
}
