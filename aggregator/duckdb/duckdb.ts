import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { storeError } from "../read/storage_error.ts";

/** How many may wait for a connection; more are refused. */
const waitingMax = 256;

export type DuckdbOptions = {
  readonly memoryBytes: number;
  readonly threads: number;
  readonly connectionsMax: number;
  /** Where DuckDB puts what does not fit into memory. */
  readonly temporaryFolder: string;
};

/** One DuckDB in memory with bounds: memory, threads, connections in use, and those who wait for one. */
export class Duckdb {
  readonly #instance: DuckDBInstance;
  readonly #connectionsMax: number;
  readonly #idle: DuckDBConnection[] = [];
  readonly #waiting: ((connection: DuckDBConnection) => void)[] = [];
  #made = 0;

  private constructor(instance: DuckDBInstance, connectionsMax: number) {
    this.#instance = instance;
    this.#connectionsMax = connectionsMax;
  }

  static async open(options: DuckdbOptions): Promise<Duckdb> {
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: `${Math.max(options.memoryBytes, 64 * 1_024 * 1_024)}B`,
      threads: String(options.threads),
      temp_directory: options.temporaryFolder,
      // Writing a row group takes tens of megabytes, which DuckDB's allocator (128MiB by default) would keep for the next.
      allocator_flush_threshold: "16MiB",
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
    });
    return new Duckdb(instance, options.connectionsMax);
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
    const connection = await this.#acquire();
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

  close(): void {
    for (const connection of this.#idle) connection.closeSync();
    this.#idle.length = 0;
    this.#instance.closeSync();
  }

  async #acquire(): Promise<DuckDBConnection> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#made < this.#connectionsMax) {
      this.#made += 1;
      return this.#instance.connect();
    }
    if (this.#waiting.length >= waitingMax)
      throw new OperatingError("overloaded", `${waitingMax} queries wait already`);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #giveBack(connection: DuckDBConnection): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(connection);
    else next(connection);
  }
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
