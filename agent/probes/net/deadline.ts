import { OperatingError } from "#shared/errors.ts";

/** The time of one probe: everything in it ends when this does. */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #atMs: number;
  readonly #timeoutMs: number;
  readonly #abort = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #outer: AbortSignal | undefined;
  readonly #stop = (): void => this.#abort.abort();

  /** Milliseconds from now; `outer` ends it early. */
  constructor(timeoutMs: number, outer?: AbortSignal) {
    this.#timeoutMs = timeoutMs;
    this.#atMs = performance.now() + timeoutMs;
    this.signal = this.#abort.signal;
    this.#timer = setTimeout(this.#stop, timeoutMs);
    this.#outer = outer;
    if (outer?.aborted === true) this.#stop();
    else outer?.addEventListener("abort", this.#stop, { once: true });
  }

  /** Milliseconds that are left, 0 at least. */
  get leftMs(): number {
    return Math.max(0, this.#atMs - performance.now());
  }

  get error(): OperatingError {
    return new OperatingError("timeout", `no answer within ${this.#timeoutMs / 1_000} s`);
  }

  /** Calls back when the time is over, unless what it returns is called before. */
  onEnd(end: () => void): () => void {
    if (this.signal.aborted) {
      end();
      return () => {};
    }
    this.signal.addEventListener("abort", end, { once: true });
    return () => this.signal.removeEventListener("abort", end);
  }

  /** The promise's value, or a rejection when the time is over before. What is late is let go. */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const forget = this.onEnd(() => reject(this.error));
      promise
        .then(resolve, reject)
        .finally(forget)
        .catch(() => {});
    });
  }

  /** Frees its timer, and whatever still waits for it ends. */
  close(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#stop);
    this.#abort.abort();
  }
}
