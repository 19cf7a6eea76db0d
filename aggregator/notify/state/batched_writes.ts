import type { SQL } from "bun";
import type { Catalog } from "../../catalog/catalog.ts";

type Write = {
  readonly run: (sql: SQL) => Promise<unknown>;
  readonly done: PromiseWithResolvers<void>;
};

/** Statements of one transaction. */
const batchMax = 500;

/** Many small writes as few transactions: what comes while one runs goes into the next. */
export class BatchedWrites {
  readonly #catalog: Pick<Catalog, "fenced">;
  readonly #waiting: Write[] = [];
  #running: Promise<void> | undefined;

  constructor(catalog: Pick<Catalog, "fenced">) {
    this.#catalog = catalog;
  }

  /** Resolves once it is committed. It may run again: nothing but `sql` may be changed. */
  add(run: (sql: SQL) => Promise<unknown>): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ run, done });
    this.#running ??= this.#run();
    return done.promise;
  }

  /** Waits for what was added so far. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // What the same turn adds goes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchMax);
      try {
        await this.#catalog.fenced("write notifications", async (sql) => {
          for (const { run } of batch) await run(sql);
        });
        for (const { done } of batch) done.resolve();
      } catch (thrown) {
        for (const { done } of batch) done.reject(thrown);
      }
    }
    this.#running = undefined;
  }
}
