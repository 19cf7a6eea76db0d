/** A full collection takes some 60 ms at full load with 10,000 series: less often than this is cheap. */
const releasedMinBytes = 32 * 1024 * 1024;
/** A larger process takes longer to look through, and may hold more garbage. */
const shareOfResident = 1 / 10;

/** What is asked of the runtime. */
export type GarbageHeap = { residentBytes(): number; collect(): void };

/**
 * Collects garbage after so many bytes of the head were let go. What a generation is made of, and what was made on the way into blocks, lives
 * for seconds, so only a full collection finds it to be garbage; the runtime makes one when its heap has doubled, which at full
 * load is a hundred megabytes later. (How large the heap is, the runtime only tells as of its last collection.)
 */
export class Garbage {
  readonly #heap: GarbageHeap;
  #releasedBytes = 0;

  constructor(heap: GarbageHeap = runtimeHeap) {
    this.#heap = heap;
  }

  /** A generation of so many bytes was let go. */
  released(bytes: number): void {
    this.#releasedBytes += bytes;
    if (this.#releasedBytes < releasedMinBytes) return;
    if (this.#releasedBytes < this.#heap.residentBytes() * shareOfResident) return;
    this.#releasedBytes = 0;
    this.#heap.collect();
  }
}

const runtimeHeap: GarbageHeap = {
  residentBytes: () => process.memoryUsage.rss(),
  collect: () => Bun.gc(true),
};
