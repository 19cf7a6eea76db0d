/** A full collection takes some 60 ms of CPU at full load with 10,000 series: less often than this is cheap. */
const releasedMinBytes = 32 * 1024 * 1024;
/** A larger process takes longer to look through, and may hold more garbage. */
const shareOfResident = 1 / 10;

/** The process may grow by so much over what it was at least since the last collection: a million log lines leave some 150 MB behind. */
const grownMaxBytes = 96 * 1024 * 1024;
/** ... or by so much of it, where that is more. */
const grownMaxShare = 1 / 5;
/** How large the process is, is looked at after so many bytes of frames. */
const lookEveryBytes = 8 * 1024 * 1024;

/** One takes 100 ms of CPU where 350 MB are in use, so collections take a tenth of a processor at most. */
const restMs = 1_000;

/** What is asked of the runtime; `collect` only begins a collection. */
export type GarbageHeap = { residentBytes(): number; collect(): void };

/**
 * Collects garbage after so many bytes of the head were let go. What a generation is made of, and what was made on the way into blocks, lives
 * for seconds, so only a full collection finds it to be garbage; the runtime makes one when its heap has doubled, which at full
 * load is a hundred megabytes later. (How large the heap is, the runtime only tells as of its last collection.)
 */
export class Garbage {
  readonly #heap: GarbageHeap;
  readonly #monotonic: () => number;
  #restUntilMs = -Infinity;
  #releasedBytes = 0;
  #leastBytes = Infinity;
  #takenBytes = 0;

  constructor(heap: GarbageHeap = runtimeHeap, monotonic = () => performance.now()) {
    this.#heap = heap;
    this.#monotonic = monotonic;
  }

  /** A frame of so many bytes was taken. */
  taken(bytes: number): void {
    this.#takenBytes += bytes;
    if (this.#takenBytes < lookEveryBytes) return;
    this.#takenBytes = 0;
    this.look();
  }

  /**
   * For work that left much behind, however large the process is: collects unless that was done within the last second. Several kinds of work ask, and
   * together they get no more collections than one of them would.
   */
  collect(): void {
    this.#collect();
  }

  /** Looks how large the process is: for work that makes garbage for long. */
  look(): void {
    if (this.#isGrown()) this.#collect();
  }

  /** A generation of so many bytes was let go. */
  released(bytes: number): void {
    this.#releasedBytes += bytes;
    const isMuch =
      this.#releasedBytes >= releasedMinBytes &&
      this.#releasedBytes >= this.#heap.residentBytes() * shareOfResident;
    if (isMuch || this.#isGrown()) this.#collect();
  }

  #isGrown(): boolean {
    const residentBytes = this.#heap.residentBytes();
    this.#leastBytes = Math.min(this.#leastBytes, residentBytes);
    const grownMax = Math.max(grownMaxBytes, this.#leastBytes * grownMaxShare);
    return residentBytes - this.#leastBytes >= grownMax;
  }

  #collect(): void {
    const nowMs = this.#monotonic();
    if (nowMs < this.#restUntilMs) return;
    this.#restUntilMs = nowMs + restMs;
    this.#releasedBytes = 0;
    this.#heap.collect();
    // It is smaller only when the collection is done: the next look finds that out.
    this.#leastBytes = this.#heap.residentBytes();
  }
}

const runtimeHeap: GarbageHeap = {
  residentBytes: () => process.memoryUsage.rss(),
  collect: () => Bun.gc(false),
};

/** For work that leaves garbage behind without frames or generations of a head. */
export const processGarbage = new Garbage();
