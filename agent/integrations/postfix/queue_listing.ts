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

/** Those that Postfix has; there are series of each while it is empty, too. */
const queues = ["active", "deferred", "hold", "incoming", "maildrop"];
const newline = 0x0a;
/** Far more than a message with its recipients has. */
const lineBytesMax = 4 * 1_024 * 1_024;

type Counts = {
  readonly sizes: Uint32Array;
  readonly ages: Uint32Array;
  sizeSum: number;
  ageSum: number;
};

/**
 * A line of `postqueue -j` (Postfix 3.1 and later), an object with its keys always in this order. What comes after them is others' text.
 */
const line =
  /^\{"queue_name": "([a-z]{1,20})", "queue_id": "[^"]*", "arrival_time": (\d+), "message_size": (\d+),/;
/** The keys that are read lie within so many bytes. */
const headBytes = 256;

/** Counts messages as they are listed, whatever the length of the queue. */
export class QueueListing {
  readonly #nowSeconds: number;
  readonly #byQueue = new Map<string, Counts>();
  /** Begin of a line that came without its end, and how long it is. */
  #head = "";
  #length = 0;

  constructor(nowMs: number) {
    this.#nowSeconds = nowMs / 1_000;
    for (const queue of queues) this.#countsOf(queue);
  }

  /** Throws OperatingError("corrupt") where it is not postqueue's form; the rest is read all the same. */
  async read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let failure: unknown;
    for await (const chunk of stream) {
      if (failure !== undefined) continue;
      try {
        this.push(chunk);
      } catch (thrown) {
        failure = thrown;
      }
    }
    if (failure !== undefined) throw failure;
    if (this.#length > 0) throw unknownForm(this.#head);
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      const part = chunk.subarray(start, end < 0 ? chunk.length : end);
      if (this.#head.length < headBytes)
        this.#head += Buffer.from(part.subarray(0, headBytes - this.#head.length)).toString(
          "latin1",
        );
      this.#length += part.length;
      if (this.#length > lineBytesMax) throw unknownForm(this.#head);
      if (end < 0) return;
      this.#count(this.#head);
      this.#head = "";
      this.#length = 0;
      start = end + 1;
    }
  }

  /** Call at the end of the listing. */
  addTo(sink: SampleSink): void {
    for (const [queue, counts] of this.#byQueue) {
      addHistogram(sink, sizes, counts.sizes, counts.sizeSum, queue);
      addHistogram(sink, ages, counts.ages, counts.ageSum, queue);
    }
  }

  #count(head: string): void {
    const [, queue = "", time, size] = line.exec(head) ?? [];
    if (queue === "") throw unknownForm(head);
    const counts = this.#countsOf(queue);
    const bytes = Number(size);
    counts.sizes[bucketOf(sizes, bytes)] = (counts.sizes[bucketOf(sizes, bytes)] ?? 0) + 1;
    counts.sizeSum += bytes;
    const age = Math.max(0, this.#nowSeconds - Number(time));
    counts.ages[bucketOf(ages, age)] = (counts.ages[bucketOf(ages, age)] ?? 0) + 1;
    counts.ageSum += age;
  }

  #countsOf(queue: string): Counts {
    let counts = this.#byQueue.get(queue);
    if (counts === undefined) {
      if (this.#byQueue.size >= 100) throw unknownForm(queue);
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

/** Addresses of people are not repeated: the begin of a line holds none. */
function unknownForm(head: string): OperatingError {
  return new OperatingError(
    "corrupt",
    `postqueue's listing is of an unknown form: ${JSON.stringify(head.slice(0, 40))}`,
  );
}
