import { DuckDBInstance, type DuckDBConnection, type DuckDBResult } from "@duckdb/node-api";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { Duckdb, quoted, throwIfAborted } from "../store/duckdb.ts";
import { storeError } from "../store/errors.ts";
import type { Block, Store } from "../store/store.ts";
import { CheckedBlocks } from "./sql/checked_blocks.ts";
import { checkStatement } from "./sql/check_statement.ts";
import { removeSnapshot, takeSnapshot, type Snapshot, type SqlHead } from "./sql/head_files.ts";
import { tiersView, type TierPaths } from "./sql/tier_views.ts";
import { LineFunction } from "./sql/line_function.ts";
import { lineFunctionName, logsView, metricsView } from "./sql/views.ts";

export type SqlRequest = {
  readonly tenant: string;
  /** One SELECT over the views metrics (timestamp, name, labels, value), metrics_tiers and logs (timestamp, stream, severity, body, attributes). */
  readonly sql: string;
  /** Zero or absent for the engine's limit; never more than that. */
  readonly rowsMax?: number;
  /** Blocks outside of it are not read (items of blocks inside are not cut to it). */
  readonly startMs?: number;
  readonly endMs?: number;
  readonly signal?: AbortSignal;
};

/** Values as JSON has them: 64-bit integers and times as text. */
export type SqlResult = {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly truncated: boolean;
};

export type SqlEngine = {
  /** Throws OperatingError "bad_request", "overloaded", "timeout" or "cancelled". */
  query(request: SqlRequest): Promise<SqlResult>;
  close(): Promise<void>;
};

export type SqlConfig = {
  readonly timeoutMs: number;
  readonly rowsMax: number;
  readonly memoryBytes: number;
  readonly threads: number;
};

export type SqlDeps = {
  readonly store: Pick<Store, "view">;
  /** The recent part; read in the tick in which the view of the blocks is taken. */
  readonly head: SqlHead;
  readonly clock: Clock;
  /** Folder of its own, emptied at start. */
  readonly folder: string;
};

/** Queries that run at once; more are refused. */
const queriesMax = 4;
/** A query over more files needs a range of time. */
const filesMax = 2_000;
/** A snapshot serves the queries of this long: a page asks several at once. */
const snapshotMs = 1_000;

/**
 * Read-only SQL. Every query gets a DuckDB of its own that can open the files of its tenant and nothing else: no other
 * file, no network, no extension, no setting. Making one takes about 10 ms; it goes with all it allocated.
 */
export async function createSqlEngine(config: SqlConfig, deps: SqlDeps): Promise<SqlEngine> {
  await rm(deps.folder, { recursive: true, force: true });
  await mkdir(deps.folder, { recursive: true });
  const { memoryBytes, threads } = config;
  const spill = join(deps.folder, "spill");
  const writer = await Duckdb.open({
    memoryBytes,
    threads,
    connectionsMax: 1,
    temporaryFolder: spill,
  });
  const snapshots = new Snapshots(writer, deps);
  const checked = new CheckedBlocks();
  let running = 0;
  return {
    async query(request) {
      if (running >= queriesMax)
        throw new OperatingError("overloaded", `${queriesMax} SQL queries run already`);
      running += 1;
      try {
        return await runQuery(config, deps, snapshots, checked, request);
      } finally {
        running -= 1;
      }
    },
    async close() {
      await snapshots.close();
      writer.close();
      await rm(deps.folder, { recursive: true, force: true });
    },
  };
}

async function runQuery(
  config: SqlConfig,
  deps: SqlDeps,
  snapshots: Snapshots,
  checked: CheckedBlocks,
  request: SqlRequest,
): Promise<SqlResult> {
  const timeout = new AbortController();
  const timer = setTimeout(() => {
    timeout.abort(new OperatingError("timeout", `SQL ran longer than ${config.timeoutMs} ms`));
  }, config.timeoutMs);
  const signal = AbortSignal.any([
    timeout.signal,
    ...(request.signal === undefined ? [] : [request.signal]),
  ]);
  const snapshot = await snapshots.acquire(request.tenant);
  try {
    const blocks = chooseBlocks(snapshot.view.blocks, request);
    const files = await snapshot.view.files(blocks, signal);
    try {
      await checked.check(blocks, files.paths);
      const metrics = files.paths.filter(
        (_, i) => blocks[i]?.signal === "metrics" && blocks[i]?.bucketMs === undefined,
      );
      const tiers = tierPaths(blocks, files.paths);
      const logs = files.paths.filter((_, i) => blocks[i]?.signal === "logs");
      metrics.push(...snapshot.metricsFiles);
      logs.push(...snapshot.logsFiles);
      return await runLocked(config, { metrics, logs, tiers }, request, signal);
    } finally {
      files.release();
    }
  } finally {
    clearTimeout(timer);
    await snapshots.release(snapshot);
  }
}

function chooseBlocks(blocks: readonly Block[], request: SqlRequest): Block[] {
  const { tenant, startMs = -Infinity, endMs = Infinity } = request;
  const chosen = blocks.filter(
    (block) => block.tenant === tenant && block.maxMs >= startMs && block.minMs <= endMs,
  );
  if (chosen.length > filesMax)
    throw new OperatingError(
      "overloaded",
      `the query reads ${chosen.length} blocks, at most ${filesMax} are allowed: give a range of time`,
    );
  return chosen;
}

function tierPaths(blocks: readonly Block[], paths: readonly string[]): TierPaths {
  const tiers = new Map<number, string[]>();
  for (const [i, { bucketMs }] of blocks.entries()) {
    const path = paths[i];
    if (bucketMs === undefined || path === undefined) continue;
    const known = tiers.get(bucketMs);
    if (known === undefined) tiers.set(bucketMs, [path]);
    else known.push(path);
  }
  return tiers;
}

async function runLocked(
  config: SqlConfig,
  files: {
    readonly metrics: readonly string[];
    readonly logs: readonly string[];
    readonly tiers: TierPaths;
  },
  request: SqlRequest,
  signal: AbortSignal,
): Promise<SqlResult> {
  throwIfAborted(signal);
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: `${config.memoryBytes}B`,
    threads: String(config.threads),
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    // Nothing is spilled: what does not fit is refused.
    max_temp_directory_size: "0B",
  });
  const connection = await instance.connect();
  const interrupt = () => connection.interrupt();
  signal.addEventListener("abort", interrupt);
  const lines = new LineFunction(connection, lineFunctionName, files.logs);
  try {
    await lock(connection, [...files.metrics, ...files.logs, ...[...files.tiers.values()].flat()]);
    await checkStatement(connection, request.sql);
    await connection.run(metricsView(files.metrics));
    await connection.run(logsView(files.logs));
    await connection.run(tiersView(files.tiers));
    throwIfAborted(signal);
    const asked = request.rowsMax ?? 0;
    const rowsMax = asked > 0 ? Math.min(asked, config.rowsMax) : config.rowsMax;
    return await readRows(connection, request.sql, rowsMax);
  } catch (cause) {
    throwIfAborted(signal);
    throw sqlError(cause);
  } finally {
    signal.removeEventListener("abort", interrupt);
    connection.closeSync();
    instance.closeSync();
    lines.close();
  }
}

/** The order counts: paths can't be allowed any more once access is off, and nothing can be set after the lock. */
async function lock(connection: DuckDBConnection, paths: readonly string[]): Promise<void> {
  await connection.run(`SET allowed_paths = [${paths.map((path) => quoted(path)).join(", ")}]`);
  await connection.run("SET enable_external_access = false");
  await connection.run("SET TimeZone = 'UTC'").catch(() => {});
  await connection.run("SET lock_configuration = true");
}

async function readRows(
  connection: DuckDBConnection,
  sql: string,
  rowsMax: number,
): Promise<SqlResult> {
  const result = await connection.stream(sql);
  const types = result.columnTypes();
  const columns = result.columnNames().map((name, i) => ({ name, type: String(types[i]) }));
  const rows: (readonly unknown[])[] = [];
  let isEnded = false;
  try {
    for await (const some of result.yieldRowsJson()) {
      const room = rowsMax - rows.length;
      rows.push(...some.slice(0, room));
      if (some.length > room) return { columns, rows, truncated: true };
    }
    isEnded = true;
    return { columns, rows, truncated: false };
  } finally {
    if (!isEnded) {
      connection.interrupt();
      await ended(result);
    }
  }
}

/** DuckDB's threads are done with what was interrupted: a connection that is closed before waits for them, and they may wait for a line. */
async function ended(result: DuckDBResult): Promise<void> {
  try {
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
    }
  } catch {
    // That it was interrupted.
  }
}

/** What DuckDB says of a query is the user's to read; the rest is told as the store tells it. */
function sqlError(cause: unknown): OperatingError {
  const error = storeError("SQL", cause);
  if (error.code !== "unavailable") return error;
  return new OperatingError("bad_request", `SQL: ${messageOf(cause)}`, { cause });
}

type Held = Snapshot & { users: number; isOld: boolean };

/** One snapshot a tenant, shared for a moment, removed when the last user is done. */
class Snapshots {
  readonly #writer: Duckdb;
  readonly #deps: SqlDeps;
  readonly #current = new Map<
    string,
    { readonly takenMs: number; readonly taking: Promise<Held> }
  >();

  constructor(writer: Duckdb, deps: SqlDeps) {
    this.#writer = writer;
    this.#deps = deps;
  }

  async acquire(tenant: string): Promise<Held> {
    const nowMs = this.#deps.clock.monotonic();
    let current = this.#current.get(tenant);
    if (current === undefined || nowMs - current.takenMs > snapshotMs) {
      const before = current?.taking;
      current = { takenMs: nowMs, taking: this.#take(tenant) };
      this.#current.set(tenant, current);
      if (before !== undefined) await this.#retire(before);
    }
    const { taking } = current;
    try {
      const held = await taking;
      held.users += 1;
      return held;
    } catch (error) {
      if (this.#current.get(tenant)?.taking === taking) this.#current.delete(tenant);
      throw error;
    }
  }

  async release(held: Held): Promise<void> {
    held.users -= 1;
    if (held.users === 0 && held.isOld) await removeSnapshot(held);
  }

  async close(): Promise<void> {
    for (const { taking } of this.#current.values()) await this.#retire(taking);
    this.#current.clear();
  }

  async #take(tenant: string): Promise<Held> {
    const { store, head, folder } = this.#deps;
    const snapshot = await takeSnapshot(this.#writer, folder, store, head, tenant);
    return { ...snapshot, users: 0, isOld: false };
  }

  async #retire(taking: Promise<Held>): Promise<void> {
    const held = await taking.catch(() => undefined);
    if (held === undefined) return;
    held.isOld = true;
    if (held.users === 0) await removeSnapshot(held);
  }
}
