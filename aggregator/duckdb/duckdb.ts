import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { storeError } from "../read/storage_error.ts";
import { duckdbApi } from "./api.ts";

/** How many may wait for a connection; more are refused. */
const waitingMax = 256;

export type DuckdbOptions = {
  readonly memoryBytes: number;
  readonly threads: number;
  readonly connectionsMax: number;
  /** Where DuckDB puts what does not fit into memory. */
  readonly temporaryFolder: string;
};

/**
 * One DuckDB in memory with bounds: memory, threads, connections in use, and those who wait for one. It is made when it is used first: an aggregator that
 * writes and answers with its own readers may never need one of its three.
 */
export class Duckdb {
  readonly #options: DuckdbOptions;
  readonly #idle: DuckDBConnection[] = [];
  readonly #waiting: PromiseWithResolvers<DuckDBConnection>[] = [];
  #instance: Promise<DuckDBInstance> | undefined;
  #made = 0;
  #isClosed = false;

  constructor(options: DuckdbOptions) {
    this.#options = options;
  }

  /**
   * Lends a connection. When the signal aborts, whatever runs on it is interrupted, and the call throws
   * OperatingError "cancelled"; other failures come as storeError() tells them.
   */
  async use<Result>(
    what: string,
    action: (connection: DuckDBConnection) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const connection = await this.#acquire(what);
    const interrupt = () => connection.interrupt();
    signal?.addEventListener("abort", interrupt);
    try {
      throwIfAborted(signal);
      return await action(connection);
    } catch (cause) {
      throwIfAborted(signal);
      throw storeError(what, cause);
    } finally {
      signal?.removeEventListener("abort", interrupt);
      this.#giveBack(connection);
    }
  }

  /** Waits for an instance that is being made. What is asked later is refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const connection of this.#idle) connection.closeSync();
    this.#idle.length = 0;
    const instance = await this.#instance?.catch(() => undefined);
    instance?.closeSync();
  }

  async #acquire(what: string): Promise<DuckDBConnection> {
    if (this.#isClosed) throw new OperatingError("unavailable", "the store is closed");
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#made < this.#options.connectionsMax) {
      this.#made += 1;
      try {
        return await (await this.#opened()).connect();
      } catch (thrown) {
        this.#made -= 1;
        const failure = storeError(what, thrown);
        // Nobody might give one back to these.
        for (const waiting of this.#waiting.splice(0)) waiting.reject(failure);
        throw failure;
      }
    }
    if (this.#waiting.length >= waitingMax)
      throw new OperatingError("overloaded", `${waitingMax} queries wait already`);
    const waiting = Promise.withResolvers<DuckDBConnection>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** Where it can't be made, the next to ask tries again. */
  #opened(): Promise<DuckDBInstance> {
    this.#instance ??= instanceOf(this.#options).catch((thrown) => {
      this.#instance = undefined;
      throw thrown;
    });
    return this.#instance;
  }

  #giveBack(connection: DuckDBConnection): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(connection);
    else next.resolve(connection);
  }
}

async function instanceOf(options: DuckdbOptions): Promise<DuckDBInstance> {
  return duckdbApi().DuckDBInstance.create(":memory:", {
    memory_limit: `${Math.max(options.memoryBytes, 64 * 1_024 * 1_024)}B`,
    threads: String(options.threads),
    temp_directory: options.temporaryFolder,
    // Writing a row group takes tens of megabytes, which DuckDB's allocator (128MiB by default) would keep for the next.
    allocator_flush_threshold: "16MiB",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
}

/** Throws OperatingError "cancelled" (or the reason, when it is an OperatingError) once the signal has aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  const reason: unknown = signal.reason;
  if (reason instanceof OperatingError) throw reason;
  throw new OperatingError("cancelled", `query cancelled: ${messageOf(reason)}`);
}

/** A text as an SQL literal, for the places where DuckDB takes no parameter. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
