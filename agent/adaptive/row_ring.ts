import { ByteReader } from "#proto/codec/byte_reader.ts";
import { ByteWriter } from "#proto/codec/byte_writer.ts";
import { ColumnState } from "#proto/codec/column_state.ts";

/** Rows of one chunk: what is read of one is decoded from its begin, so a chunk is about a minute. */
const chunkRowsMax = 64;
const chunkBytesMax = 256 * 1024;
const countBytesMax = 8;
/** A rough price of a chunk beside its bytes, and of a column of what the last row was. */
const chunkOverheadBytes = 300;
const columnBytes = 17;

/** A row as it was pushed. */
export type RingRow = {
  readonly timestampMs: number;
  /** Fresh memory; ABSENT bits where there was no sample. */
  readonly values: Float64Array;
  /** Whether it was shipped when it was pushed, or since. */
  readonly isShipped: boolean;
};

type Chunk = {
  readonly timestampsMs: Float64Array;
  readonly shipped: Uint8Array;
  rows: number;
  /** Of a chunk that is full: its rows, compressed. */
  packed: Uint8Array | undefined;
};

/**
 * The newest rows of one list of series, which grows at its end only. Rows are written as those of metrics frames are (a bitmap of the
 * columns that changed, then the changes: docs/formats/frame.md), each chunk on its own, so that the oldest can be let go; full chunks
 * are compressed (zstd). NaN bits stay.
 */
export class RowRing {
  #chunks: Chunk[] = [];
  #open: { readonly chunk: Chunk; readonly writer: ByteWriter; readonly state: ColumnState };
  #sealedBytes = 0;

  constructor() {
    this.#open = opened();
  }

  /** Memory that rows and their bookkeeping take, roughly. */
  get bytes(): number {
    const { writer, state } = this.#open;
    return this.#sealedBytes + chunkOverheadBytes + writer.bytes.length + columnBytes * state.count;
  }

  get rows(): number {
    return this.#all().reduce((sum, { rows }) => sum + rows, 0);
  }

  /** Unix milliseconds of the oldest and newest row; undefined where there is none. */
  get oldestMs(): number | undefined {
    return this.#all().find(({ rows }) => rows > 0)?.timestampsMs[0];
  }

  get newestMs(): number | undefined {
    const chunk = this.#all().findLast(({ rows }) => rows > 0);
    return chunk?.timestampsMs[chunk.rows - 1];
  }

  /** The row stays the caller's. */
  push(timestampMs: number, values: Float64Array, isShipped: boolean): void {
    if (
      this.#open.chunk.rows === chunkRowsMax ||
      (this.#open.chunk.rows > 0 && this.#open.writer.length > chunkBytesMax)
    )
      this.#seal();
    const { chunk, writer, state } = this.#open;
    state.grow(values.length);
    writer.ensure(countBytesMax);
    writer.varint(values.length);
    state.write(writer, values, 0, values.length);
    chunk.timestampsMs[chunk.rows] = timestampMs;
    chunk.shipped[chunk.rows] = isShipped ? 1 : 0;
    chunk.rows++;
  }

  /** Notes that the newest row of that time is shipped after all. */
  markShipped(timestampMs: number): void {
    for (const { timestampsMs, shipped, rows } of this.#all().toReversed())
      for (let row = rows - 1; row >= 0; row--)
        if (timestampsMs[row] === timestampMs) {
          shipped[row] = 1;
          return;
        }
  }

  /** Rows of (afterMs, untilMs], in the order in which they came. */
  *read(afterMs: number, untilMs: number): Generator<RingRow> {
    for (const chunk of this.#all()) {
      const wanted = chunk.timestampsMs
        .subarray(0, chunk.rows)
        .findLastIndex((timestampMs) => timestampMs > afterMs && timestampMs <= untilMs);
      if (wanted >= 0) yield* this.#decode(chunk, wanted, afterMs, untilMs);
    }
  }

  *#decode(chunk: Chunk, last: number, afterMs: number, untilMs: number): Generator<RingRow> {
    const { timestampsMs, shipped, packed } = chunk;
    if (packed === undefined && chunk !== this.#open.chunk) return;
    // Of the open chunk a copy, because it may go on while this is read.
    const bytes =
      packed === undefined ? this.#open.writer.written().slice() : Bun.zstdDecompressSync(packed);
    const reader = new ByteReader(bytes);
    const state = new ColumnState();
    for (let row = 0; row <= last; row++) {
      const columns = reader.varint();
      state.grow(columns);
      state.read(reader, 0, columns);
      const timestampMs = timestampsMs[row] ?? 0;
      if (timestampMs <= afterMs || timestampMs > untilMs) continue;
      const values = state.values.slice(0, columns);
      yield { timestampMs, values, isShipped: shipped[row] === 1 };
    }
  }

  #seal(): void {
    const { chunk, writer } = this.#open;
    chunk.packed = Bun.zstdCompressSync(writer.written(), { level: 1 });
    this.#chunks.push(chunk);
    this.#sealedBytes += sealedBytes(chunk);
    this.#open = opened(writer);
  }

  /** Lets go of the oldest chunk: how many rows that were. The last one goes only where `all`. */
  evict(all = false): number {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#sealedBytes -= sealedBytes(chunk);
      return chunk.rows;
    }
    const { rows } = this.#open.chunk;
    if (!all || rows === 0) return 0;
    this.#open = opened();
    return rows;
  }

  /** Lets go of full chunks whose last row is not after `ms`: how many rows those were. */
  evictUntil(ms: number): number {
    let rows = 0;
    while (lastOf(this.#chunks[0]) <= ms) rows += this.evict();
    return rows;
  }

  #all(): Chunk[] {
    return [...this.#chunks, this.#open.chunk];
  }
}

/** With the memory of a writer whose bytes nobody needs any more. */
function opened(writer = smallWriter()) {
  writer.clear();
  const chunk: Chunk = {
    timestampsMs: new Float64Array(chunkRowsMax),
    shipped: new Uint8Array(chunkRowsMax),
    rows: 0,
    packed: undefined,
  };
  return { chunk, writer, state: new ColumnState() };
}

/** Many rings are of a few series: memory comes as it is needed. */
function smallWriter(): ByteWriter {
  const writer = new ByteWriter();
  writer.bytes = new Uint8Array(1_024);
  return writer;
}

function sealedBytes({ packed }: Chunk): number {
  return chunkOverheadBytes + 9 * chunkRowsMax + (packed?.length ?? 0);
}

/** Of what is not there, never. */
function lastOf(chunk: Chunk | undefined): number {
  return chunk?.timestampsMs[chunk.rows - 1] ?? Infinity;
}
