import { OperatingError } from "#shared/errors.ts";
import { addHistogram, bucketOf, histogram } from "../../collect/samples/histogram.ts";
import type { SampleSink } from "../../collect/samples/family.ts";

/** Metrics and buckets as in github.com/kumina/postfix_exporter. */
const sizes = histogram(
  "postfix_showq_message_size_bytes",
  "Sizes of the messages in the queue.",
  [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9],
  ["queue"],
);
const ages = histogram(
  "postfix_showq_message_age_seconds",
  "Ages of the messages in the queue.",
  [1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8],
  ["queue"],
);

/** Those that showq tells; there are series of each while it is empty, too. */
const queues = ["active", "deferred", "hold", "incoming", "maildrop"];
/** A key or value longer than any that Postfix writes. */
const fieldBytesMax = 64 * 1_024;

type Counts = {
  readonly sizes: Uint32Array;
  readonly ages: Uint32Array;
  sizeSum: number;
  ageSum: number;
};

/**
 * What showq of Postfix 3 writes (attr_print0 of its sources): keys and values that end with a zero byte, and an empty key after each
 * message. Counted as it comes, whatever the length of the queue.
 */
export class QueueListing {
  readonly #nowSeconds: number;
  readonly #byQueue = new Map<string, Counts>();
  /** The part of a field that came without its end. */
  #rest: Buffer = Buffer.alloc(0);
  #key: string | undefined;
  #queue = "unknown";
  #isKnown = false;

  constructor(nowMs: number) {
    this.#nowSeconds = nowMs / 1_000;
    for (const queue of queues) this.#countsOf(queue);
  }

  /** Throws OperatingError("corrupt") where it is not showq's form. */
  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(0, start);
      if (end < 0) break;
      this.#field(bytes, start, end);
      start = end + 1;
    }
    this.#rest = Buffer.from(bytes.subarray(start));
    if (this.#rest.length > fieldBytesMax) throw unknownForm();
  }

  /** Call at the end of what showq wrote. */
  addTo(sink: SampleSink): void {
    // Even an empty queue is told with a zero byte.
    if (this.#rest.length > 0 || !this.#isKnown) throw unknownForm();
    for (const [queue, counts] of this.#byQueue) {
      addHistogram(sink, sizes, counts.sizes, counts.sizeSum, queue);
      addHistogram(sink, ages, counts.ages, counts.ageSum, queue);
    }
  }

  #field(bytes: Buffer, start: number, end: number): void {
    if (this.#key === undefined) {
      if (start === end) {
        this.#isKnown = true;
        this.#queue = "unknown";
      } else this.#key = bytes.toString("latin1", start, end);
      return;
    }
    const key = this.#key;
    this.#key = undefined;
    if (key === "queue_name") this.#queue = bytes.toString("latin1", start, end);
    else if (key === "size" || key === "time")
      this.#count(key, Number(bytes.toString("latin1", start, end)));
  }

  #count(key: "size" | "time", value: number): void {
    if (!Number.isFinite(value)) throw unknownForm();
    const counts = this.#countsOf(this.#queue);
    if (key === "size") {
      const place = bucketOf(sizes, value);
      counts.sizes[place] = (counts.sizes[place] ?? 0) + 1;
      counts.sizeSum += value;
      return;
    }
    const age = Math.max(0, this.#nowSeconds - value);
    const place = bucketOf(ages, age);
    counts.ages[place] = (counts.ages[place] ?? 0) + 1;
    counts.ageSum += age;
  }

  #countsOf(queue: string): Counts {
    let counts = this.#byQueue.get(queue);
    if (counts === undefined) {
      if (this.#byQueue.size >= 100) throw unknownForm();
      counts = {
        sizes: new Uint32Array(sizes.bounds.length + 1),
        ages: new Uint32Array(ages.bounds.length + 1),
        sizeSum: 0,
        ageSum: 0,
      };
      this.#byQueue.set(queue, counts);
    }
    return counts;
  }
}

function unknownForm(): OperatingError {
  return new OperatingError("corrupt", "the answer is not that of Postfix 3's showq");
}
