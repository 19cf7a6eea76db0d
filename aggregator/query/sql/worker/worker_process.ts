import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { SqlBatch } from "#proto/columns/sql_rows.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { throwIfAborted } from "../../../duckdb/duckdb.ts";
import { currentShare, type QueryShare } from "../../../read/memory/query_memory.ts";
import { batchOf } from "./columns.ts";
import { type Frame, FrameReader, frameKinds, jsonFrame } from "./frames.ts";
import type { SqlColumn, SqlJob } from "./job.ts";

/** How long a worker may take to load DuckDB. */
const startMs = 30_000;
/** How long a statement that was interrupted may go on before its process is killed. */
const graceMs = 250;
/** Between looks at what a busy worker uses. */
const watchMs = 50;
/** What a worker may keep beyond its start; one that keeps more is replaced. */
const keptBytesMax = 96 * 1_024 * 1_024;
/** A statement that takes less than this is not ended for others. */
const spareBytes = 64 * 1_024 * 1_024;
/** Frames and columns beside the rows of a result. */
const overheadBytes = 4 * 1_024 * 1_024;

const Memory = { dataBytes: z.number(), rssBytes: z.number() };
const Ready = z.object({ ...Memory, isLimited: z.boolean() });
const Columns = z.array(
  z.object({
    name: z.string(),
    type: z.string(),
    kind: z.enum(["number", "boolean", "text", "json"]),
  }),
);
const End = z.object({ ...Memory, truncated: z.boolean() });
const Failure = z.object({
  ...Memory,
  code: z.enum(["bad_request", "not_found", "overloaded", "corrupt", "unavailable", "no_space"]),
  message: z.string(),
});

export type SqlTable = {
  readonly columns: readonly SqlColumn[];
  /** The rows, some in each; 64-bit integers and times are texts. */
  readonly batches: readonly SqlBatch[];
  /** Whether rows were left out, of which there are too many or too large ones. */
  readonly truncated: boolean;
};

/** Why a worker was killed. */
export type KillReason = "memory" | "timeout" | "cancelled" | "protocol";

type Running = {
  readonly job: SqlJob;
  readonly answer: PromiseWithResolvers<SqlTable>;
  /** Of query.memory_max; what the process has grown by counts. */
  readonly share: QueryShare | undefined;
  columns: z.output<typeof Columns>;
  readonly batches: SqlBatch[];
  rows: number;
  bytes: number;
};

/** One worker process (main.ts), which runs one statement at a time. */
export class WorkerProcess {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "ignore">;
  readonly #memoryBytes: number;
  readonly #onKill: (reason: KillReason) => void;
  readonly #ready = Promise.withResolvers<void>();
  #startRssBytes = 0;
  #keptBytes = 0;
  #running: Running | undefined;
  #isGone = false;
  #killedFor: KillReason | undefined;

  /** `memoryBytes` is what it may take beyond its start. */
  constructor(memoryBytes: number, onKill: (reason: KillReason) => void) {
    this.#memoryBytes = memoryBytes;
    this.#onKill = onKill;
    const script = join(import.meta.dir, "main.ts");
    const { execPath, pid } = process;
    this.#child = Bun.spawn(
      [execPath, "--smol", "--no-install", script, String(pid), String(memoryBytes)],
      {
        stdin: "pipe",
        stdout: "pipe",
        stderr: "ignore",
        // Nothing of ours: a statement that escaped would find no secret. Bun is not to send its crashes anywhere.
        env: { BUN_ENABLE_CRASH_REPORTING: "0", DO_NOT_TRACK: "1", LC_ALL: "C" },
        cwd: "/",
        onExit: (_child, code, signal) => this.#ended(code, signal),
      },
    );
    this.#child.unref();
    this.#ready.promise.catch(() => {});
    void this.#read();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** 0 where the system does not say. */
  get residentBytes(): number {
    return this.#isGone ? 0 : rssOf(this.#child.pid);
  }

  /** Whether it can run a statement, now or once it has started. */
  get isUsable(): boolean {
    return !this.#isGone && this.#running === undefined && this.#keptBytes <= keptBytesMax;
  }

  /** Resolves when DuckDB is loaded. Throws OperatingError "unavailable". */
  async ready(): Promise<void> {
    const late = setTimeout(() => {
      this.#ready.reject(unavailable(`it did not start within ${startMs} ms`));
      this.kill("timeout");
    }, startMs);
    await this.#ready.promise.finally(() => clearTimeout(late));
  }

  /**
   * Runs a statement. Throws OperatingError: what DuckDB says, "overloaded" where the process took too much memory, or the signal's reason;
   * the statement may then go on until settle() resolves.
   */
  async run(job: SqlJob, signal: AbortSignal): Promise<SqlTable> {
    await this.ready();
    throwIfAborted(signal);
    const answer = Promise.withResolvers<SqlTable>();
    const share = currentShare();
    this.#running = { job, answer, share, columns: [], batches: [], rows: 0, bytes: 0 };
    const watch = setInterval(() => this.#watch(), watchMs);
    const abort = (): void => {
      try {
        throwIfAborted(signal);
      } catch (reason) {
        answer.reject(reason);
      }
    };
    signal.addEventListener("abort", abort);
    try {
      await this.#write(jsonFrame(frameKinds.job, job));
      return await answer.promise;
    } finally {
      clearInterval(watch);
      signal.removeEventListener("abort", abort);
      share?.holdElsewhere(0, spareBytes);
    }
  }

  /** After run(): interrupts a statement that still goes on, and kills the process where that does not end it. */
  async settle(isTimeout: boolean): Promise<void> {
    if (this.#running === undefined || this.#isGone) return;
    await this.#write(jsonFrame(frameKinds.cancel, {})).catch(() => {});
    const untilMs = performance.now() + graceMs;
    while (this.#isRunning() && performance.now() < untilMs) {
      this.#watch();
      await Bun.sleep(5);
    }
    if (!this.#isRunning()) return;
    this.kill(isTimeout ? "timeout" : "cancelled");
    await this.#child.exited;
  }

  /** Ends a process that has nothing to do. */
  async stop(): Promise<void> {
    this.#isGone = true;
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  kill(reason: KillReason): void {
    if (this.#isGone || this.#killedFor !== undefined) return;
    this.#killedFor = reason;
    this.#onKill(reason);
    this.#child.kill("SIGKILL");
  }

  #isRunning(): boolean {
    return this.#running !== undefined && !this.#isGone;
  }

  async #write(frame: Uint8Array): Promise<void> {
    try {
      void this.#child.stdin.write(frame);
      await this.#child.stdin.flush();
    } catch (cause) {
      throw unavailable(messageOf(cause), cause);
    }
  }

  /** The system's own limit holds private memory; this one holds the rest, and systems that have none. */
  #watch(): void {
    const rssBytes = rssOf(this.#child.pid);
    const grownBytes = Math.max(0, rssBytes - this.#startRssBytes);
    if (grownBytes > this.#memoryBytes) return this.kill("memory");
    if (this.#isGone) return;
    try {
      this.#running?.share?.holdElsewhere(grownBytes, spareBytes);
    } catch (thrown) {
      this.#running?.answer.reject(thrown);
      this.kill("memory");
    }
  }

  async #read(): Promise<void> {
    const reader = new FrameReader(2 ** 31);
    try {
      for await (const chunk of this.#child.stdout)
        for (const frame of reader.push(chunk)) this.#take(frame);
    } catch (cause) {
      this.#running?.answer.reject(unavailable(messageOf(cause), cause));
      this.kill("protocol");
    }
  }

  #take({ kind, payload }: Frame): void {
    const running = this.#running;
    switch (kind) {
      case frameKinds.ready:
        this.#startRssBytes = Ready.parse(jsonOf(payload)).rssBytes;
        return this.#ready.resolve();
      case frameKinds.columns:
        if (running !== undefined) running.columns = Columns.parse(jsonOf(payload));
        return;
      case frameKinds.batch:
        return running && this.#takeRows(running, payload);
      case frameKinds.end: {
        const { truncated, rssBytes } = End.parse(jsonOf(payload));
        this.#free(rssBytes);
        if (running === undefined) return;
        const { answer, columns, batches } = running;
        return answer.resolve({ columns, batches, truncated });
      }
      case frameKinds.error: {
        const { code, message, rssBytes } = Failure.parse(jsonOf(payload));
        this.#free(rssBytes);
        return running?.answer.reject(new OperatingError(code, message));
      }
      default:
        throw new RangeError(`a frame of kind ${kind}`);
    }
  }

  #takeRows(running: Running, batch: Uint8Array): void {
    const { job, batches, columns } = running;
    running.bytes += batch.length;
    if (running.bytes > job.resultBytesMax + overheadBytes)
      throw new RangeError("a result larger than was asked for");
    const taken = batchOf(
      batch,
      columns.map(({ kind }) => kind),
    );
    batches.push(taken);
    running.rows += taken.rows;
    if (running.rows > job.rowsMax) throw new RangeError("more rows than were asked for");
  }

  #free(rssBytes: number): void {
    this.#running = undefined;
    this.#keptBytes = rssBytes - this.#startRssBytes;
  }

  #ended(code: number | null, signal: NodeJS.Signals | number | null): void {
    this.#isGone = true;
    const running = this.#running;
    this.#running = undefined;
    const how = signal === null ? `code ${code}` : `signal ${signal}`;
    this.#ready.reject(unavailable(`it ended with ${how} while it started`));
    if (running === undefined) return;
    if (this.#killedFor === undefined) this.#onKill("memory");
    running.answer.reject(tooMuchMemory(running.job, how));
  }
}

function unavailable(why: string, cause?: unknown): OperatingError {
  return new OperatingError("unavailable", `the process for SQL failed: ${why}`, { cause });
}

/** The rows of a statement may stand in memory that fails in many ways: DuckDB, its threads or the engine end the process, or the kernel does. */
function tooMuchMemory({ memoryBytes }: SqlJob, how: string): OperatingError {
  const mebibytes = Math.round(memoryBytes / 1_024 ** 2);
  return new OperatingError(
    "overloaded",
    `SQL: the query needs more memory than its process has (it ended with ${how}; query.sql.memory_limit is ${mebibytes}MiB): read fewer rows or columns, or smaller values`,
  );
}

function jsonOf(payload: Uint8Array): unknown {
  return JSON.parse(Buffer.from(payload).toString());
}

/** 0 where the system does not say. */
function rssOf(pid: number): number {
  try {
    const pages = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1];
    return Number(pages) * 4_096;
  } catch {
    return 0;
  }
}
