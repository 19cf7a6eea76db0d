import { messageOf } from "#shared/errors.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { readIndexFile, writeIndexFile } from "./index_file.ts";
import type { SeriesIndex } from "./series_index.ts";

/** What a process that is killed has learnt since is read from the blocks again. */
const writeEveryMs = 30 * 60_000;

/** Keeps an index of series from one process to the next, in a file. */
export class KeptIndex {
  readonly #path: string;
  readonly #index: SeriesIndex;
  readonly #log: Logger;
  #timer: ReturnType<typeof setInterval> | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(path: string, index: SeriesIndex, log: Logger) {
    this.#path = path;
    this.#index = index;
    this.#log = log;
  }

  /** Once the index knows which blocks there are. Queries of labels wait for it, a start does not. */
  start(): void {
    this.#work = this.#index.ready = this.#read();
    this.#timer = setInterval(() => this.#later(), writeEveryMs);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#later();
    await this.#work;
  }

  #later(): void {
    this.#work = this.#work.then(() => this.#write());
  }

  async #read(): Promise<void> {
    this.#index.restore((await readIndexFile(this.#path)) ?? []);
  }

  async #write(): Promise<void> {
    try {
      await writeIndexFile(this.#path, this.#index.tenants());
    } catch (thrown) {
      // The next start reads the blocks.
      this.#log.warn("index of series was not kept", { error: messageOf(thrown) });
    }
  }
}
