import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { Churn } from "#shared/runtime/process/churn.ts";
import { processGarbage } from "#shared/runtime/process/garbage.ts";
import { processPressure } from "#shared/runtime/process/memory_pressure.ts";
import { OperatingError } from "#shared/errors.ts";

/** What one scrape holds of the memory for large bodies. */
export type ScrapeLease = {
  /** False, and nothing changes, where there is no room for so much. */
  readonly resize: (bytes: number) => boolean;
  readonly release: () => void;
};

type Waiting = { readonly bytes: number; readonly grant: () => void };

/** Of a bound, in bytes, what may be lent now. */
type Lendable = (bytesMax: number) => number;
type Options = { readonly churn?: Churn; readonly lendable?: Lendable };

/**
 * Memory for large bodies of scrapes, and for what is made of them while they are parsed. A scrape takes the most that its body may have at once, so that
 * none waits for another that waits for it; the others wait for their turn, in order, up to their timeouts. While the process holds much memory, scrapes
 * begin within a quarter of the bound, or alone.
 */
export class ScrapeMemory {
  readonly #bytesMax: number;
  #bytes = 0;
  readonly #waiting: Waiting[] = [];
  readonly #churn: Churn;
  readonly #lendable: Lendable;

  constructor(bytesMax: number, { churn, lendable }: Options = {}) {
    this.#bytesMax = bytesMax;
    this.#churn = churn ?? new Churn({ collect: () => processGarbage.look() });
    this.#lendable = lendable ?? ((bytes) => processPressure.lendable(bytes));
  }

  /** What is taken now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Waits for room. A scrape that may be larger than all of the memory takes all of it. Throws OperatingError("overloaded") when `signal` aborts first. */
  async lease(bytes: number, signal: AbortSignal): Promise<ScrapeLease> {
    const wanted = Math.min(bytes, this.#bytesMax);
    if (this.#waiting.length > 0 || !this.#mayBegin(wanted)) await this.#turn(wanted, signal);
    else this.#bytes += wanted;
    return this.#lent(wanted);
  }

  #hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.#bytesMax;
  }

  #mayBegin(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#lendable(this.#bytesMax);
  }

  #turn(bytes: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = {
      bytes,
      grant: () => {
        signal.removeEventListener("abort", stop);
        resolve();
      },
    };
    const stop = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      reject(
        new OperatingError(
          "overloaded",
          `no room for a large body in time: other scrapes hold ${this.#bytes} bytes of agent.scrape_memory_max, which is ${this.#bytesMax}`,
        ),
      );
      this.#grant();
    };
    this.#waiting.push(waiting);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    return promise;
  }

  #grant(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#mayBegin(next.bytes)) return;
      this.#bytes += next.bytes;
      this.#waiting.shift();
      next.grant();
    }
  }

  #lent(taken: number): ScrapeLease {
    let own = taken;
    const resize = (bytes: number): boolean => {
      if (bytes > own && !this.#hasRoom(bytes - own)) return false;
      if (bytes < own) this.#churn.add(own - bytes);
      this.#bytes += bytes - own;
      own = bytes;
      this.#grant();
      return true;
    };
    return { resize, release: () => void resize(0) };
  }
}

/** One that a metric shows. */
export function openScrapeMemory(bytesMax: number, metrics: SelfMetrics): ScrapeMemory {
  const memory = new ScrapeMemory(bytesMax);
  const held = metrics.gauge(
    "lapwing_scrape_memory_bytes",
    "What large bodies of scrapes hold of agent.scrape_memory_max.",
    [],
  );
  metrics.onCollect(() => held.set(memory.bytes));
  return memory;
}
