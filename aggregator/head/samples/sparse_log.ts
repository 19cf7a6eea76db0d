// Hot: guarded by `bench ingest`, `bench pace`.
import { isAbsent } from "#shared/model/special_values.ts";
import { type CellMemory, type Cells, cellsMax, newCells } from "./cell_memory.ts";
import type { SampleSink } from "./sample_sink.ts";

const firstCapacity = 16;
const none = 0;

/** Parallel: entry i of each is a sample's. */
type Chunk = {
  readonly times: Cells;
  readonly values: Cells;
  /** Words: 2i is the number of the column's sample before, `none` for its first; 2i + 1 is which append brought the sample. */
  readonly links: Cells;
};

/**
 * Samples of a table that have times of their own, one after another as they came; each knows its column's sample before.
 * So a column costs a few bytes, however many of them have only a sample or two. Samples are numbered from 1.
 */
export class SparseLog {
  readonly #memory: CellMemory;
  readonly #chunks: Chunk[] = [];
  #capacity = 0;
  #count = 0;
  #firstArrival = 0;
  /** By column: the number of its last sample, and how many there are. */
  #last = new Uint32Array(0);
  #counts = new Uint32Array(0);
  /** By column: 1 where a sample is not later than the one before. */
  #unordered = new Uint8Array(0);
  #path = new Uint32Array(64);

  constructor(memory: CellMemory) {
    this.#memory = memory;
  }

  get bytes(): number {
    return 24 * this.#capacity + 9 * this.#last.length;
  }

  append(column: number, timestampMs: number, low: number, high: number, arrival: number): void {
    if (this.#count === this.#capacity) this.#grow();
    if (column >= this.#last.length) this.#reserve(column + 1);
    if (this.#count === 0) this.#firstArrival = arrival;
    const previous = this.#last[column] ?? none;
    if (previous !== none && timestampMs <= this.#timeOf(previous)) this.#unordered[column] = 1;
    const at = this.#count++ % cellsMax;
    const chunk = this.#chunks.at(-1);
    if (chunk === undefined) return;
    chunk.times.values[at] = timestampMs;
    chunk.values.words[2 * at] = low;
    chunk.values.words[2 * at + 1] = high;
    chunk.links.words[2 * at] = previous;
    chunk.links.words[2 * at + 1] = arrival - this.#firstArrival;
    this.#last[column] = this.#count;
    this.#counts[column] = (this.#counts[column] ?? 0) + 1;
  }

  has(column: number): boolean {
    return (this.#last[column] ?? none) !== none;
  }

  /** As SampleTable's. */
  hasSample(column: number, startMs: number, endMs: number): boolean {
    for (let at = this.#last[column] ?? none; at !== none; at = this.#previousOf(at)) {
      const timestampMs = this.#timeOf(at);
      if (timestampMs >= startMs && timestampMs <= endMs && !this.#isAbsent(at)) return true;
    }
    return false;
  }

  /** As SampleTable's, of a column that there is. */
  lastInOrder(column: number, afterMs: number): number | undefined {
    if (this.#unordered[column] === 1) return undefined;
    const last = this.#last[column] ?? none;
    const first = afterMs === -Infinity ? none : this.#firstOf(last);
    if (first !== none && this.#timeOf(first) <= afterMs) return undefined;
    return this.#timeOf(last);
  }

  /** As SampleTable's. */
  read(column: number, startMs: number, endMs: number, sink: SampleSink): void {
    const count = this.#counts[column] ?? 0;
    if (count > this.#path.length) this.#path = new Uint32Array(2 * count);
    const path = this.#path;
    let number = this.#last[column] ?? none;
    for (let i = count; i > 0; i--) {
      path[i - 1] = number;
      number = this.#previousOf(number);
    }
    for (let i = 0; i < count; i++) {
      const index = (path[i] ?? 1) - 1;
      const at = index % cellsMax;
      const chunk = this.#chunks[Math.floor(index / cellsMax)];
      if (chunk === undefined) return;
      const timestampMs = chunk.times.values[at] ?? 0;
      const { words } = chunk.values;
      if (timestampMs < startMs || timestampMs > endMs || isAbsent(words, at)) continue;
      const arrival = this.#firstArrival + (chunk.links.words[2 * at + 1] ?? 0);
      sink.push(timestampMs, words[2 * at] ?? 0, words[2 * at + 1] ?? 0, arrival);
    }
  }

  /** Pieces of the shared memory, which are not read any more. */
  pieces(): Cells[] {
    return this.#chunks
      .flatMap(({ times, values, links }) => [times, values, links])
      .filter(({ values }) => values.length === cellsMax);
  }

  #timeOf(number: number): number {
    const index = number - 1;
    return this.#chunks[Math.floor(index / cellsMax)]?.times.values[index % cellsMax] ?? 0;
  }

  #isAbsent(number: number): boolean {
    const index = number - 1;
    const words = this.#chunks[Math.floor(index / cellsMax)]?.values.words;
    return words === undefined || isAbsent(words, index % cellsMax);
  }

  #previousOf(number: number): number {
    const index = number - 1;
    const links = this.#chunks[Math.floor(index / cellsMax)]?.links.words;
    return links?.[2 * (index % cellsMax)] ?? none;
  }

  #firstOf(last: number): number {
    let number = last;
    for (;;) {
      const previous = this.#previousOf(number);
      if (previous === none) return number;
      number = previous;
    }
  }

  /** The first chunk grows until it is as large as a piece of the shared memory; then there are more of them. */
  #grow(): void {
    const small = this.#capacity < cellsMax ? this.#chunks.pop() : undefined;
    const capacity = small === undefined ? firstCapacity : 2 * this.#capacity;
    const isPiece = this.#capacity >= cellsMax || capacity === cellsMax;
    const make = (): Cells => (isPiece ? this.#memory.take() : newCells(capacity));
    const chunk = { times: make(), values: make(), links: make() };
    if (small !== undefined) {
      chunk.times.values.set(small.times.values);
      chunk.values.words.set(small.values.words);
      chunk.links.words.set(small.links.words);
    }
    this.#chunks.push(chunk);
    this.#capacity = isPiece ? this.#chunks.length * cellsMax : capacity;
  }

  #reserve(columns: number): void {
    const length = Math.max(columns, 2 * this.#last.length);
    const [last, counts, unordered] = [this.#last, this.#counts, this.#unordered];
    this.#last = new Uint32Array(length);
    this.#last.set(last);
    this.#counts = new Uint32Array(length);
    this.#counts.set(counts);
    this.#unordered = new Uint8Array(length);
    this.#unordered.set(unordered);
  }
}
