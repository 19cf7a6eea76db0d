import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { ScrapeLoop } from "./scrape_loop.ts";
import type { Target } from "./target.ts";

/**
 * Loops of targets that are gone. Their series get stale markers after a while, unless a target with the same labels
 * appears: by then it writes the same series, and it alone knows which of them have ended.
 */
export class RetiredLoops {
  readonly #signal: AbortSignal;
  readonly #waiting = new Map<string, { loop: ScrapeLoop; abort: AbortController }>();
  readonly #ending = new Set<Promise<void>>();

  /** `signal` ends all waiting without markers: the agent stops, and goes on later. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(loop: ScrapeLoop): void {
    const key = labelsKey(loop.target.labels);
    const abort = new AbortController();
    this.#waiting.get(key)?.abort.abort();
    this.#waiting.set(key, { loop, abort });
    const ending = this.#end(key, loop, abort).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  /** The series that the target takes over from a retired one with the same labels. */
  takeOver(target: Target): Labels[] {
    const key = labelsKey(target.labels);
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return [];
    this.#waiting.delete(key);
    waiting.abort.abort();
    return waiting.loop.carried();
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#ending);
  }

  async #end(key: string, loop: ScrapeLoop, abort: AbortController): Promise<void> {
    const stop = () => abort.abort();
    if (this.#signal.aborted) stop();
    this.#signal.addEventListener("abort", stop, { once: true });
    try {
      await loop.stop();
      await loop.endSeries(abort.signal);
    } finally {
      this.#signal.removeEventListener("abort", stop);
      if (this.#waiting.get(key)?.loop === loop) this.#waiting.delete(key);
    }
  }
}
