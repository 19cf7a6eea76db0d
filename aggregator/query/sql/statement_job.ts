import { sqlRows } from "#proto/columns/sql_rows.ts";
import { OperatingError } from "#shared/errors.ts";
import { type SqlView, type StatementRead, statementReads } from "./statement_reads.ts";
import type { ViewSpan } from "./views.ts";
import type { SqlFiles, SqlJob, ViewSpans } from "./worker/job.ts";
import type { RunJob } from "./worker/worker_pool.ts";

type Limits = Pick<SqlJob, "rowsMax" | "resultBytesMax" | "memoryBytes" | "threads">;
type Asked = { readonly sql: string; readonly timeMs: number };

/** Times within this of 1970 are nanoseconds that 64 bits hold. */
const farMs = 9.2e12;
const noFiles: SqlFiles = { metrics: [], logs: [], tiers: [] };

export function jobOf(
  { rowsMax, resultBytesMax, memoryBytes, threads }: Limits,
  sql: string,
  files: SqlFiles,
): SqlJob {
  return { sql, files, rowsMax, resultBytesMax, memoryBytes, threads };
}

/** What a statement reads as of a time, by DuckDB's plan. Throws OperatingError with what is wrong with the statement. */
export async function planned(
  run: RunJob,
  limits: Limits,
  { sql, timeMs }: Asked,
): Promise<readonly StatementRead[]> {
  const { batches } = await run({ ...jobOf(limits, sql, noFiles), timeMs, isPlan: true });
  const [batch] = batches;
  const [row] = batch === undefined ? [] : sqlRows(["text"], batch);
  const plan = row?.[0];
  return statementReads(typeof plan === "string" ? plan : "[]", timeMs);
}

/**
 * What makes a job one that is evaluated as of a time: the views show what the statement needs. One that has no plan is run as it is: its
 * own failure says more than that of the plan.
 */
export async function evaluatedAt(
  run: RunJob,
  limits: Limits,
  asked: Asked,
): Promise<{ readonly timeMs: number; readonly spans: ViewSpans }> {
  const { timeMs } = asked;
  let reads: readonly StatementRead[] | undefined;
  try {
    reads = await planned(run, limits, asked);
  } catch (thrown) {
    if (!(thrown instanceof OperatingError) || thrown.code !== "bad_request") throw thrown;
  }
  const of = (view: SqlView): ViewSpan => spanOf(reads, view, timeMs);
  const spans = { metrics: of("metrics"), metrics_tiers: of("metrics_tiers"), logs: of("logs") };
  return { timeMs, spans };
}

function spanOf(
  reads: readonly StatementRead[] | undefined,
  view: SqlView,
  timeMs: number,
): ViewSpan {
  const own = reads?.filter((read) => read.view === view);
  if (own === undefined) return { startMs: -farMs, endMs: timeMs };
  const startMs = Math.min(farMs, ...own.map((read) => read.startMs));
  // Up to the time itself: what is left out within the last millisecond is for the statement's own condition to say.
  return { startMs: Math.max(-farMs, Math.floor(startMs)), endMs: timeMs };
}
