import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { OperatingError } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { Duckdb, throwIfAborted } from "../duckdb/duckdb.ts";
import type { Block, Store } from "../read/store.ts";
import { currentShare } from "../read/memory/query_memory.ts";
import { MissingBlocks, type PartialMark } from "../read/missing_blocks.ts";
import { CheckedBlocks } from "./sql/checked_blocks.ts";
import type { SqlHead } from "./sql/head_files.ts";
import { HeadSnapshots } from "./sql/head_snapshots.ts";
import { evaluatedAt, jobOf, planned } from "./sql/statement_job.ts";
import type { SqlView, StatementRead } from "./sql/statement_reads.ts";
import type { TierPaths } from "./sql/tier_views.ts";
import type { ViewSpan } from "./sql/views.ts";
import type { SqlFiles, ViewSpans } from "./sql/worker/job.ts";
import { type RunJob, WorkerPool } from "./sql/worker/worker_pool.ts";
import type { SqlTable } from "./sql/worker/worker_process.ts";

export type SqlRequest = {
  readonly tenant: string;
  /** One SELECT over the views metrics (timestamp, name, labels, value), metrics_tiers and logs (timestamp, stream, severity, body, attributes). */
  readonly sql: string;
  /** Zero or absent for the engine's limit; never more than that. */
  readonly rowsMax?: number;
  /** Blocks outside of it are not read (items of blocks inside are not cut to it). */
  readonly startMs?: number;
  readonly endMs?: number;
  /**
   * Unix milliseconds: the statement is evaluated as of then. now() and the other functions of the clock give this time, and the views
   * show nothing that is younger. Blocks that the statement's conditions on `timestamp` rule out are not read.
   */
  readonly timeMs?: number;
  /** How old what is read of the head may be; 1 s at most without it. */
  readonly headAgeMaxMs?: number;
  readonly signal?: AbortSignal;
};

export type SqlResult = SqlTable &
  PartialMark & {
    /** Names the blocks that could not be read; empty for a complete answer. */
    readonly warnings: readonly string[];
  };

export type SqlReadsRequest = Pick<SqlRequest, "sql" | "signal"> & { readonly timeMs: number };

export type SqlEngine = {
  /** Throws OperatingError "bad_request", "overloaded", "timeout" or "cancelled". */
  query(request: SqlRequest): Promise<SqlResult>;
  /** What a statement would read at a time, without reading it. Throws as query() does. */
  reads(request: SqlReadsRequest): Promise<readonly StatementRead[]>;
  /** Soon has a process ready for a query, once a start has its other work behind it. */
  prepare(): void;
  /** A client is there: has a process ready for its query now. */
  standBy(): void;
  close(): Promise<void>;
};

export type SqlConfig = {
  readonly timeoutMs: number;
  readonly rowsMax: number;
  /** Of a result; rows beyond are cut. */
  readonly resultBytesMax: number;
  /** Of DuckDB, for each query that runs. */
  readonly memoryBytes: number;
  readonly threads: number;
  /** Queries that run at once, each in a process of its own. */
  readonly runningMax: number;
  /** Queries that wait for that; more are refused. */
  readonly waitingMax: number;
};

export type SqlDeps = {
  readonly store: Pick<Store, "view">;
  /** The recent part; read in the tick in which the view of the blocks is taken. */
  readonly head: SqlHead;
  readonly clock: Clock;
  readonly metrics: SelfMetrics;
  /** Folder of its own, emptied at start. */
  readonly folder: string;
};

/** A query over more files needs a range of time. */
const filesMax = 2_000;
/** From the start to the first worker, which takes 0.3 s of CPU. */
const prepareMs = 3_000;

/**
 * Read-only SQL. Each query runs in a worker process, which can be killed, in a DuckDB of its own that can open the files of its tenant and
 * nothing else: no other file, no network, no extension, no setting (worker/).
 */
export async function createSqlEngine(config: SqlConfig, deps: SqlDeps): Promise<SqlEngine> {
  await rm(deps.folder, { recursive: true, force: true });
  await mkdir(deps.folder, { recursive: true });
  const { memoryBytes, threads } = config;
  const writer = new Duckdb({
    memoryBytes,
    threads,
    connectionsMax: 1,
    temporaryFolder: join(deps.folder, "spill"),
  });
  const snapshots = new HeadSnapshots(writer, deps);
  const checked = new CheckedBlocks();
  const workers = new WorkerPool(config, deps.metrics);
  let prepared: ReturnType<typeof setTimeout> | undefined;
  return {
    query: (request) => runQuery(config, { snapshots, checked, workers }, request),
    reads: (request) =>
      inWorker(config, workers, request.signal, (run) => planned(run, config, request)),
    prepare() {
      prepared = setTimeout(() => workers.standBy(), prepareMs);
      prepared.unref();
    },
    standBy: () => workers.standBy(),
    async close() {
      clearTimeout(prepared);
      await workers.close();
      await snapshots.close();
      await writer.close();
      await rm(deps.folder, { recursive: true, force: true });
    },
  };
}

type Parts = {
  readonly snapshots: HeadSnapshots;
  readonly checked: CheckedBlocks;
  readonly workers: WorkerPool;
};

function runQuery(config: SqlConfig, parts: Parts, request: SqlRequest): Promise<SqlResult> {
  return inWorker(config, parts.workers, request.signal, async (run, signal) => {
    const { sql, timeMs } = request;
    const at = timeMs === undefined ? {} : await evaluatedAt(run, config, { sql, timeMs });
    return withFiles(parts, { ...request, ...at }, signal, (files) => {
      const rowsMax = request.rowsMax ?? 0;
      return run({
        ...jobOf(config, sql, files),
        ...at,
        rowsMax: rowsMax > 0 ? Math.min(rowsMax, config.rowsMax) : config.rowsMax,
      });
    });
  });
}

/** The time that a query may take begins when it is asked, so waiting for a worker counts. */
async function inWorker<Result>(
  config: SqlConfig,
  workers: WorkerPool,
  asked: AbortSignal | undefined,
  work: (run: RunJob, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const timeout = new AbortController();
  const text = `SQL: the query ran longer than ${config.timeoutMs} ms (query.sql.timeout): read a shorter range or fewer rows`;
  const timer = setTimeout(
    () => timeout.abort(new OperatingError("timeout", text)),
    config.timeoutMs,
  );
  const signal = AbortSignal.any([timeout.signal, ...(asked === undefined ? [] : [asked])]);
  try {
    await currentShare()?.room();
    return await workers.run(signal, (run) => work(run, signal));
  } finally {
    clearTimeout(timer);
  }
}

/** Blocks and head of the tenant as files, which stay as long as `read` takes. */
async function withFiles(
  { snapshots, checked }: Parts,
  request: SqlRequest & { readonly spans?: ViewSpans },
  signal: AbortSignal,
  read: (files: SqlFiles) => Promise<SqlTable>,
): Promise<SqlResult> {
  const snapshot = await snapshots.acquire(request.tenant, request.headAgeMaxMs);
  try {
    throwIfAborted(signal);
    const chosen = chooseBlocks(snapshot.view.blocks, request);
    const missing = new MissingBlocks();
    const use = async (paths: readonly string[], blocks: readonly Block[]) => {
      await checked.check(blocks, paths);
      const metrics = paths.filter(
        (_, i) => blocks[i]?.signal === "metrics" && blocks[i]?.bucketMs === undefined,
      );
      const logs = paths.filter((_, i) => blocks[i]?.signal === "logs");
      metrics.push(...snapshot.metricsFiles);
      logs.push(...snapshot.logsFiles);
      return read({ metrics, logs, tiers: [...tierPaths(blocks, paths)] });
    };
    const table = await snapshot.view.withFiles(chosen, { signal, missing }, use);
    return { ...table, warnings: missing.warnings(), ...missing.mark };
  } finally {
    await snapshots.release(snapshot);
  }
}

function chooseBlocks(
  blocks: readonly Block[],
  { tenant, startMs = -Infinity, endMs = Infinity, spans }: Parameters<typeof withFiles>[1],
): Block[] {
  const chosen = blocks.filter(
    (block) =>
      block.tenant === tenant &&
      isIn(block, { startMs, endMs }) &&
      isIn(block, spans?.[viewOf(block)]),
  );
  if (chosen.length > filesMax)
    throw new OperatingError(
      "overloaded",
      `the query reads ${chosen.length} blocks, at most ${filesMax} are allowed: give a range of time`,
    );
  return chosen;
}

function isIn(block: Block, span: ViewSpan | undefined): boolean {
  return span === undefined || (block.maxMs >= span.startMs && block.minMs <= span.endMs);
}

/** Blocks of other signals are in no view. */
function viewOf({ signal, bucketMs }: Block): SqlView {
  if (signal === "logs") return "logs";
  return bucketMs === undefined ? "metrics" : "metrics_tiers";
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
