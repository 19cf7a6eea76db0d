import { totalmem } from "node:os";
import type { SelfMetrics } from "../self_metrics.ts";
import { processGarbage } from "./garbage.ts";

/** How long one look at the process's memory counts. */
const lookEveryMs = 100;
/** One takes a third of a second where a gigabyte is in use: a process that needs so much for good gives a tenth of a processor to them at most. */
const restMs = 3_000;
/** The part of its bound that a bounded memory lends when the process begins to hold much, and from 1.25 times of that on. */
const [shareUnderPressure, shareLeast] = [1 / 4, 1 / 16];
const leastFrom = 1 / 4;

/** 1 GiB, or half of a smaller machine. */
export const defaultHighBytes = Math.min(1024 ** 3, Math.floor(totalmem() / 2));

type Options = {
  readonly residentBytes?: () => number;
  readonly monotonic?: () => number;
  /** Begins to collect garbage. */
  readonly collect?: () => void;
};

/**
 * Whether the process, with those that it has started for its work, holds more memory than it should. Bounds of requests, of scrapes and of queries limit what each of them holds, but not the
 * sum of them with series, caches and garbage that is not collected yet. While that sum is high, each lends a quarter of its bound, and less the more it is, so that large
 * work is done piece by piece instead of all at once. (The kernel's `memory.high` of a cgroup works the same way.)
 */
export class MemoryPressure {
  readonly #residentBytes: () => number;
  readonly #monotonic: () => number;
  readonly #collect: () => void;
  readonly #others = new Set<() => number>();
  #highBytes = Infinity;
  #lookedMs = -Infinity;
  #restsUntilMs = -Infinity;
  /** What is lent of a bound. */
  #share = 1;

  constructor({
    residentBytes = () => process.memoryUsage.rss(),
    monotonic = () => performance.now(),
    collect = () => processGarbage.collect(),
  }: Options = {}) {
    this.#residentBytes = residentBytes;
    this.#monotonic = monotonic;
    this.#collect = collect;
  }

  /** Resident bytes from which on it is high; without a call it never is. */
  setHigh(bytes: number): void {
    this.#highBytes = bytes;
    this.#lookedMs = -Infinity;
  }

  /** Counts resident bytes of other processes, too, until the function that is returned is called. */
  alsoCount(residentBytes: () => number): () => void {
    this.#others.add(residentBytes);
    return () => void this.#others.delete(residentBytes);
  }

  get isHigh(): boolean {
    return this.#shareNow() < 1;
  }

  /** Of a bound, in bytes, what may be lent now. */
  lendable(bytesMax: number): number {
    return bytesMax * this.#shareNow();
  }

  #shareNow(): number {
    const nowMs = this.#monotonic();
    if (nowMs - this.#lookedMs < lookEveryMs) return this.#share;
    this.#lookedMs = nowMs;
    this.#share = shareAt(this.#heldBytes() / this.#highBytes);
    if (this.#share < 1 && nowMs >= this.#restsUntilMs) {
      this.#restsUntilMs = nowMs + restMs;
      this.#collect();
    }
    return this.#share;
  }

  #heldBytes(): number {
    let bytes = this.#residentBytes();
    for (const others of this.#others) bytes += others();
    return bytes;
  }
}

/** `held`: of what is high. */
function shareAt(held: number): number {
  if (held <= 1) return 1;
  const over = Math.min(1, (held - 1) / leastFrom);
  return shareUnderPressure + over * (shareLeast - shareUnderPressure);
}

/** This process's. */
export const processPressure = new MemoryPressure();

/** From now on this process has much memory above `highBytes`; a metric shows it. */
export function watchMemory(highBytes: number, metrics: SelfMetrics): void {
  processPressure.setHigh(highBytes);
  const isHigh = metrics.gauge(
    "lapwing_process_memory_high",
    "1 while the process and those that it runs for SQL hold more memory than memory_high, so that requests, scrapes and queries get a quarter of their bounds or less.",
  );
  metrics.onCollect(() => isHigh.set(processPressure.isHigh ? 1 : 0));
}
