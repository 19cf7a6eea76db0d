import { totalmem } from "node:os";
import type { SelfMetrics } from "../self_metrics.ts";
import { processGarbage } from "./garbage.ts";

/** How long one look at the process's memory counts. */
const lookEveryMs = 100;
/** One takes a third of a second where a gigabyte is in use: a process that needs so much for good gives a tenth of a processor to them at most. */
const restMs = 3_000;
/** The part of its bound that a bounded memory lends while the process holds much, */
const highShare = 1 / 4;
/** and while it holds so many times as much. */
const veryHighTimes = 1.25;
const veryHighShare = 1 / 16;

/** 1 GiB, or half of a smaller machine. */
export const defaultHighBytes = Math.min(1024 ** 3, Math.floor(totalmem() / 2));

type Options = {
  readonly residentBytes?: () => number;
  readonly monotonic?: () => number;
  /** Begins to collect garbage. */
  readonly collect?: () => void;
};

/**
 * Whether the process holds more memory than it should. Bounds of requests, of scrapes and of queries limit what each of them holds, but not the
 * sum of them with series, caches and garbage that is not collected yet. While that sum is high, each lends a quarter of its bound, and a
 * sixteenth while it is higher by a quarter, so that large work is done piece by piece instead of all at once. (The kernel's `memory.high` of a
 * cgroup slows those who allocate in the same way, the more the further they are above it.)
 */
export class MemoryPressure {
  readonly #residentBytes: () => number;
  readonly #monotonic: () => number;
  readonly #collect: () => void;
  #highBytes = Infinity;
  #lookedMs = -Infinity;
  #restsUntilMs = -Infinity;
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

  get isHigh(): boolean {
    this.#look();
    return this.#share < 1;
  }

  /** Of a bound, in bytes, what may be lent now. */
  lendable(bytesMax: number): number {
    this.#look();
    return bytesMax * this.#share;
  }

  #look(): void {
    const nowMs = this.#monotonic();
    if (nowMs - this.#lookedMs < lookEveryMs) return;
    this.#lookedMs = nowMs;
    this.#share = shareAt(this.#residentBytes() / this.#highBytes);
    if (this.#share === 1 || nowMs < this.#restsUntilMs) return;
    this.#restsUntilMs = nowMs + restMs;
    this.#collect();
  }
}

/** Of a bound what is lent where the process holds so many times what is high. */
function shareAt(times: number): number {
  if (times > veryHighTimes) return veryHighShare;
  return times > 1 ? highShare : 1;
}

/** This process's. */
export const processPressure = new MemoryPressure();

/** From now on this process has much memory above `highBytes`; a metric shows it. */
export function watchMemory(highBytes: number, metrics: SelfMetrics): void {
  processPressure.setHigh(highBytes);
  const isHigh = metrics.gauge(
    "lapwing_process_memory_high",
    "1 while the process holds more memory than memory_high, so that requests, scrapes and queries get a quarter of their bounds, or less.",
  );
  metrics.onCollect(() => isHigh.set(processPressure.isHigh ? 1 : 0));
}
