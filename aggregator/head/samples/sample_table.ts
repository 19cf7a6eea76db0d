// Hot: guarded by `bench ingest`, `bench pace`.
import type { LaneId } from "#proto/bus/agent_port.ts";
import { type Histogram, sampleWeight } from "#shared/model/histogram.ts";
import type { HistogramSamples, SparseSamples, StartTimestamps } from "#shared/model/metrics.ts";
import { isAbsent } from "#shared/model/special_values.ts";
import { type CellMemory, type Cells, cellsMax, newCells } from "./cell_memory.ts";
import type { StartChange } from "../../read/start_timestamps.ts";
import type { SampleSink } from "./sample_sink.ts";
import { StartChanges } from "./start_changes.ts";
import { type PackedRows, packRows, unpackColumn } from "./packed_rows.ts";
import { SparseLog } from "./sparse_log.ts";

const chunkRowsMax = 16;
/** Wider rows are taken one at a time. */
const packedWidthMax = 16_384;
/** Fewer rows are not worth the look at them. */
const packedRowsMin = 4;
/** Smaller chunks than this are of memory of their own: many narrow tables would waste a piece each. */
const sharedCellsMin = cellsMax / 2;

/** Rows of one width, one after another: as they came, or packed. */
type Chunk = {
  readonly width: number;
  /** Where this is a piece of the memory that is shared. */
  readonly isPiece: boolean;
  cells: Cells | undefined;
  packed: PackedRows | undefined;
  readonly timestampsMs: Float64Array;
  /** Which append brought the row, counted over the whole head: of equal times the first one in stands. */
  readonly arrivals: Float64Array;
  /** By row: 1 for a fine one. Absent where none is. */
  fine: Uint8Array | undefined;
  rows: number;
  minMs: number;
  maxMs: number;
};

type HistogramEntry = {
  readonly timestampMs: number;
  readonly arrival: number;
  readonly histogram: Histogram;
};

/** The samples of one decoded schema, so of one lane: a matrix in chunks of rows, packed once they are full, and columns of sparse samples beside it. */
export class SampleTable {
  readonly lane: LaneId;
  readonly #memory: CellMemory;
  #bytes = 0;
  readonly #chunks: Chunk[] = [];
  #isAscending = true;
  #firstMs = Infinity;
  #lastMs = -Infinity;
  /** Of rows that are packed now, for the next ones. */
  #spare: { readonly cells: Cells; readonly isPiece: boolean } | undefined;
  #sparse: SparseLog | undefined;
  readonly #histograms = new Map<number, HistogramEntry[]>();
  readonly #starts: StartChanges;
  /** Pieces that are too small for the rows that came after. */
  readonly #unused: Cells[] = [];

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
  appendRow(timestampMs: number, values: Float64Array, arrival: number, isFine = false): number {
    const before = this.#bytes;
    let chunk = this.#chunks.at(-1);
    let cells = chunk?.cells;
    if (
      chunk === undefined ||
      cells === undefined ||
      chunk.width !== values.length ||
      chunk.rows === chunk.timestampsMs.length
    ) {
      if (chunk !== undefined) this.#pack(chunk);
      [chunk, cells] = this.#open(values.length);
    }
    // From and to a Float64Array, so that memory is copied and NaN bits stay.
    cells.values.set(values, chunk.rows * chunk.width);
    chunk.timestampsMs[chunk.rows] = timestampMs;
    chunk.arrivals[chunk.rows] = arrival;
    if (isFine) (chunk.fine ??= new Uint8Array(chunk.timestampsMs.length))[chunk.rows] = 1;
    chunk.rows++;
    chunk.minMs = Math.min(chunk.minMs, timestampMs);
    chunk.maxMs = Math.max(chunk.maxMs, timestampMs);
    if (timestampMs <= this.#lastMs) this.#isAscending = false;
    this.#firstMs = Math.min(this.#firstMs, timestampMs);
    this.#lastMs = Math.max(this.#lastMs, timestampMs);
    return this.#bytes - before;
  }

  #open(width: number): [Chunk, Cells] {
    const last = this.#chunks.at(-1);
    const rowsBefore = last?.width === width ? last.timestampsMs.length : 0;
    // Tables that get one row are many: wide ones begin with a piece of memory.
    const rowsMax = width <= packedWidthMax ? 2 * rowsBefore : 1;
    const rows = Math.min(chunkRowsMax, Math.max(rowsMax, 1, Math.floor(cellsMax / (width + 1))));
    const { cells, isPiece } = this.#takeCells(rows * width);
    const chunk: Chunk = {
      width,
      isPiece,
      cells,
      packed: undefined,
      timestampsMs: new Float64Array(rows),
      arrivals: new Float64Array(rows),
      fine: undefined,
      rows: 0,
      minMs: Number.POSITIVE_INFINITY,
      maxMs: Number.NEGATIVE_INFINITY,
    };
    this.#chunks.push(chunk);
    this.#bytes += 8 * (cells.values.length + 2 * rows) + 300;
    return [chunk, cells];
  }

  #takeCells(count: number): { readonly cells: Cells; readonly isPiece: boolean } {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare !== undefined && spare.cells.values.length >= count) return spare;
    if (spare?.isPiece === true) this.#unused.push(spare.cells);
    const isPiece = count > sharedCellsMin && count <= cellsMax;
    return { cells: isPiece ? this.#memory.take() : newCells(count), isPiece };
  }

  /** What will get no more rows takes less memory, and leaves its own to the next ones. */
  #pack(chunk: Chunk): void {
    const { cells, isPiece, width, rows } = chunk;
    if (cells === undefined || rows < packedRowsMin) return;
    const packed = packRows(cells.words, rows, width);
    const packedBytes = packed.bytes.length + packed.offsets.byteLength;
    if (packedBytes > 4 * width * rows) return;
    chunk.packed = packed;
    chunk.cells = undefined;
    this.#spare = { cells, isPiece };
    this.#bytes += packedBytes - 8 * cells.values.length;
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
      const { timestampsMs } = chunk;
      const { words, first, step } = wordsOfColumn(chunk, column);
      for (let row = 0; row < chunk.rows; row++) {
        const timestampMs = timestampsMs[row] ?? 0;
        if (timestampMs < startMs || timestampMs > endMs) continue;
        if (!isAbsent(words, first + row * step)) return true;
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
      const { timestampsMs, arrivals, fine } = chunk;
      const { words, first, step } = wordsOfColumn(chunk, column);
      for (let row = 0; row < chunk.rows; row++) {
        const timestampMs = timestampsMs[row] ?? 0;
        const index = first + row * step;
        if (timestampMs < startMs || timestampMs > endMs || isAbsent(words, index)) continue;
        sink.push(
          timestampMs,
          words[2 * index] ?? 0,
          words[2 * index + 1] ?? 0,
          arrivals[row] ?? 0,
        );
        if (fine?.[row] === 1) sink.markFine();
      }
    }
    for (const { timestampMs, arrival, histogram } of this.#histograms.get(column) ?? []) {
      if (timestampMs < startMs || timestampMs > endMs) continue;
      sink.pushHistogram(timestampMs, histogram, arrival);
    }
    this.#sparse?.read(column, startMs, endMs, sink);
  }

  /** Pieces of the shared memory, which are not read any more. */
  pieces(): Cells[] {
    const pieces = [...(this.#sparse?.pieces() ?? []), ...this.#unused];
    for (const { cells, isPiece } of this.#chunks)
      if (isPiece && cells !== undefined) pieces.push(cells);
    if (this.#spare?.isPiece === true) pieces.push(this.#spare.cells);
    return pieces;
  }
}

/** The words of a column's rows: those of row r lie at value `first + r * step`. Good until the next call. */
function wordsOfColumn({ cells, packed, width, rows }: Chunk, column: number): typeof columnOf {
  if (cells !== undefined) {
    columnOf.words = cells.words;
    columnOf.first = column;
    columnOf.step = width;
  } else if (packed !== undefined) {
    unpackColumn(packed, column, rows, unpacked);
    columnOf.words = unpacked;
    columnOf.first = 0;
    columnOf.step = 1;
  }
  return columnOf;
}

const unpacked = new Uint32Array(2 * chunkRowsMax);
const columnOf: { words: Uint32Array; first: number; step: number } = {
  words: unpacked,
  first: 0,
  step: 1,
};
