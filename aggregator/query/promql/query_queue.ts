import { PromqlError } from "#shared/query_language/promql/errors.ts";

/** A query that waits for its turn. */
type Waiting = { readonly begin: () => void };
/** What one tenant has under way. */
type Line = { running: number; readonly waiting: Set<Waiting> };

/**
 * So many queries of a tenant run at the same time, the others wait in the order they came; each tenant has a line of its own, so that
 * nobody waits for another's queries. A query waits no longer than it may take, nor than its client does.
 */
export class QueryQueue {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  readonly #lines = new Map<string, Line>();

  constructor(runningMax: number, waitingMax: number) {
    this.#runningMax = runningMax;
    this.#waitingMax = waitingMax;
  }

  /** How many of a tenant's queries run, and how many wait. */
  load(tenant: string): { readonly running: number; readonly waiting: number } {
    const line = this.#lines.get(tenant);
    return { running: line?.running ?? 0, waiting: line?.waiting.size ?? 0 };
  }

  /** Runs `query` when it is its turn. Throws PromqlError in Prometheus's words when the turn does not come. */
  async run<Result>(
    tenant: string,
    waitMs: number,
    signal: AbortSignal | undefined,
    query: () => Promise<Result>,
  ): Promise<Result> {
    const line = this.#lineOf(tenant);
    if (line.running >= this.#runningMax) await this.#wait(line, waitMs, signal);
    else line.running += 1;
    try {
      return await query();
    } finally {
      this.#leave(tenant, line);
    }
  }

  #lineOf(tenant: string): Line {
    let line = this.#lines.get(tenant);
    if (line === undefined) this.#lines.set(tenant, (line = { running: 0, waiting: new Set() }));
    return line;
  }

  /** Whoever leaves hands the place on, so the number of those that run stays. */
  #wait(line: Line, waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { waiting } = line;
    if (waiting.size >= this.#waitingMax)
      throw new PromqlError("timeout", `${waiting.size} queries wait already in query queue`, {
        limit: "queue",
      });
    if (signal?.aborted === true) throw canceled();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      waiting.delete(one);
    };
    const one: Waiting = {
      begin: () => {
        end();
        resolve();
      },
    };
    const fail = (error: PromqlError): void => {
      end();
      reject(error);
    };
    const abort = (): void => fail(canceled());
    const timer = setTimeout(
      () => fail(new PromqlError("timeout", "query timed out in query queue", { limit: "queue" })),
      waitMs,
    );
    signal?.addEventListener("abort", abort);
    waiting.add(one);
    return promise;
  }

  #leave(tenant: string, line: Line): void {
    const [next] = line.waiting;
    if (next !== undefined) return next.begin();
    line.running -= 1;
    if (line.running === 0) this.#lines.delete(tenant);
  }
}

function canceled(): PromqlError {
  return new PromqlError("canceled", "query was canceled in query queue");
}
