import { processGarbage } from "./garbage.ts";

/** What may be let go of before garbage is looked for, and how long two looks lie apart at least. */
const churnMaxBytes = 64 * 1024 ** 2;
const restMs = 1_000;

type Options = {
  /** Begins to collect garbage, without stopping the process for it: processGarbage.collect() unless given. */
  readonly collect?: () => void;
  readonly monotonic?: () => number;
};

/**
 * Counts what a bounded memory gave back, and asks for a collection after each 64 MiB of it, once a second at most. On machines with
 * much memory the runtime looks for garbage only when its heap is some times what was in use (Bun's default from 16 GiB on: three), so that some large
 * requests would leave more behind than the bound of that memory.
 */
export class Churn {
  readonly #collect: () => void;
  readonly #monotonic: () => number;
  #bytes = 0;
  #restsUntilMs = -Infinity;

  constructor({
    collect = () => processGarbage.collect(),
    monotonic = () => performance.now(),
  }: Options = {}) {
    this.#collect = collect;
    this.#monotonic = monotonic;
  }

  /** So many bytes are garbage now, or soon. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < churnMaxBytes) return;
    const nowMs = this.#monotonic();
    if (nowMs < this.#restsUntilMs) return;
    this.#restsUntilMs = nowMs + restMs;
    this.#bytes = 0;
    this.#collect();
  }
}
