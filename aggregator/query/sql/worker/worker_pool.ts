import { OperatingError } from "#shared/errors.ts";
import { processPressure } from "#shared/runtime/process/memory_pressure.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { throwIfAborted } from "../../../duckdb/duckdb.ts";
import type { SqlJob } from "./job.ts";
import { type SqlTable, WorkerProcess } from "./worker_process.ts";

/** Private memory that a worker may take beyond DuckDB's own limit: vectors, texts, threads, the result. */
const outsideBytes = 256 * 1_024 * 1_024;
/** Workers beyond the first are ended when nothing was asked for so long (while memory is short, the first, too), */
const spareMsDefault = 30_000;
/** and the first when no client was there for so long. */
const standByMs = 10 * 60_000;

export type PoolConfig = {
  /** Statements, and processes, at the same time. */
  readonly runningMax: number;
  /** Statements that wait; more are refused. */
  readonly waitingMax: number;
  /** Of DuckDB in each process. */
  readonly memoryBytes: number;
  /** Whether memory is short, so that one process must do. */
  readonly isMemoryShort?: () => boolean;
  /** How long a worker that is not needed stays; half a minute without it. */
  readonly spareMs?: number;
};

export type RunJob = (job: SqlJob) => Promise<SqlTable>;

/**
 * Processes for SQL statements, one statement each. One stands by while there are clients, so that a query does not wait for its start
 * (0.2 s); one that was killed is replaced at once. While memory is short, there is one process, one statement at a time, and none stands by for
 * long.
 */
export class WorkerPool {
  readonly #config: PoolConfig;
  readonly #spareMs: number;
  readonly #idle: WorkerProcess[] = [];
  readonly #busy = new Set<WorkerProcess>();
  readonly #waiting = new Set<() => void>();
  readonly #trim: ReturnType<typeof setInterval>;
  readonly #count: (what: "refused") => void;
  readonly #killed: (reason: string) => void;
  readonly #endCount: () => void;
  #running = 0;
  #usedMs = -Infinity;
  #wantedMs = -Infinity;
  #isClosed = false;

  constructor(config: PoolConfig, metrics: SelfMetrics) {
    this.#config = config;
    this.#spareMs = config.spareMs ?? spareMsDefault;
    this.#trim = setInterval(() => this.#endIdle(), this.#spareMs / 2);
    this.#trim.unref();
    this.#endCount = processPressure.alsoCount(() => this.#residentBytes());
    const killed = metrics.counter(
      "lapwing_query_sql_workers_killed_total",
      "Processes for SQL that were killed, or ended by themselves, in the middle of a statement.",
      ["reason"],
    );
    for (const reason of ["memory", "timeout", "cancelled", "protocol"]) killed.inc({ reason }, 0);
    this.#killed = (reason) => killed.inc({ reason });
    const refused = metrics.counter(
      "lapwing_query_sql_refused_total",
      "SQL queries refused because too many wait already.",
    );
    this.#count = () => refused.inc();
    const workers = metrics.gauge("lapwing_query_sql_workers", "Processes for SQL statements.", [
      "state",
    ]);
    const waiting = metrics.gauge("lapwing_query_sql_waiting", "SQL queries that wait.");
    metrics.onCollect(() => {
      workers.set({ state: "busy" }, this.#busy.size);
      workers.set({ state: "idle" }, this.#idle.length);
      waiting.set(this.#waiting.size);
    });
  }

  /** How many there are, busy or not. */
  get processes(): number {
    return this.#idle.length + this.#busy.size;
  }

  /** A client is there: has a worker stand by, unless memory is short. */
  standBy(): void {
    this.#wantedMs = performance.now();
    if (this.#isClosed || this.processes > 0) return;
    if (!this.#isMemoryShort()) this.#idle.push(this.#start());
  }

  /** Makes a job when a worker is free for it, and runs it. Throws OperatingError; "overloaded" where too many wait. */
  async run<Result>(signal: AbortSignal, work: (run: RunJob) => Promise<Result>): Promise<Result> {
    await this.#enter(signal);
    const worker = this.#take();
    try {
      return await work((job) => worker.run(job, signal));
    } finally {
      // The caller has its answer now; its place is free once the statement has ended.
      void this.#giveBack(worker, signal);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#trim);
    this.#endCount();
    await Promise.all([...this.#idle, ...this.#busy].map((worker) => worker.stop()));
  }

  async #enter(signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    const { waitingMax } = this.#config;
    if (this.#running < this.#runningMax) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.size >= waitingMax) {
      this.#count("refused");
      throw new OperatingError(
        "overloaded",
        `SQL: ${this.#running} queries run and ${this.#waiting.size} wait already (query.sql.waiting_max): try again later`,
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => {
      this.#waiting.delete(resolve);
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort);
    this.#waiting.add(resolve);
    try {
      await promise;
    } catch {
      throwIfAborted(signal);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #take(): WorkerProcess {
    let worker = this.#idle.pop();
    while (worker !== undefined && !worker.isUsable) worker = this.#idle.pop();
    worker ??= this.#start();
    this.#busy.add(worker);
    this.#usedMs = this.#wantedMs = performance.now();
    return worker;
  }

  async #giveBack(worker: WorkerProcess, signal: AbortSignal): Promise<void> {
    const { reason } = signal;
    await worker.settle(reason instanceof OperatingError && reason.code === "timeout");
    this.#busy.delete(worker);
    if (this.#isClosed) return;
    const others = this.processes;
    if (worker.isUsable && (others === 0 || !this.#isMemoryShort())) this.#idle.push(worker);
    else {
      void worker.stop();
      if (others === 0 || (this.#idle.length === 0 && !this.#isMemoryShort()))
        this.#idle.push(this.#start());
    }
    this.#running -= 1;
    for (const next of this.#waiting) {
      if (this.#running >= this.#runningMax) return;
      this.#waiting.delete(next);
      this.#running += 1;
      next();
    }
  }

  #residentBytes(): number {
    const workers = [...this.#idle, ...this.#busy];
    return workers.reduce((sum, worker) => sum + worker.residentBytes, 0);
  }

  get #runningMax(): number {
    return this.#isMemoryShort() ? 1 : this.#config.runningMax;
  }

  #isMemoryShort(): boolean {
    return this.#config.isMemoryShort?.() ?? processPressure.isHigh;
  }

  #start(): WorkerProcess {
    return new WorkerProcess(this.#config.memoryBytes + outsideBytes, this.#killed);
  }

  #endIdle(): void {
    const nowMs = performance.now();
    const isWanted = nowMs - this.#wantedMs < standByMs && !this.#isMemoryShort();
    const kept = nowMs - this.#usedMs < this.#spareMs ? this.#idle.length : Number(isWanted);
    for (const worker of this.#idle.splice(kept)) void worker.stop();
  }
}
