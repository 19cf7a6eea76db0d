import type { SQL } from "bun";

/** How long a transaction that others overtake is tried again before it fails. */
const retryMaxMs = 15_000;
const waitMinMs = 20;
const waitMaxMs = 400;

/**
 * In SQLite a transaction that reads first and writes then is refused at once ("database is locked", whatever the busy timeout) where
 * another process, as a command beside a running aggregator, has committed in between. One that will write is the writer from its
 * start, and waits for its turn (https://www.sqlite.org/isolation.html).
 */
export function begin<Result>(
  sql: SQL,
  isPostgres: boolean,
  action: (sql: SQL) => Promise<Result>,
): Promise<Result> {
  return isPostgres ? sql.begin(action) : sql.begin("IMMEDIATE", action);
}

/**
 * One moment for all that is read, in PostgreSQL. Where another process has meanwhile changed what is written here, PostgreSQL refuses it,
 * and all of it is done again after a wait (https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html).
 */
export async function beginAtOneMoment<Result>(
  sql: SQL,
  action: (sql: SQL) => Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + retryMaxMs;
  for (let waitMs = waitMinMs; ; waitMs = Math.min(waitMs * 1.5, waitMaxMs)) {
    try {
      return await sql.begin("ISOLATION LEVEL REPEATABLE READ", action);
    } catch (thrown) {
      if (!isOvertaken(thrown) || performance.now() > deadline) throw thrown;
      await Bun.sleep(Math.random() * waitMs);
    }
  }
}

/** serialization_failure and deadlock_detected. */
function isOvertaken(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    "errno" in thrown &&
    ["40001", "40P01"].includes(String(thrown.errno))
  );
}

/** Another process has SQLite's lock, or a lock of PostgreSQL's that was waited for too long. */
export function isBusy(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  if ("code" in thrown && String(thrown.code).startsWith("SQLITE_BUSY")) return true;
  return "errno" in thrown && String(thrown.errno) === "55P03";
}
