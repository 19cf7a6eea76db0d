import { Database } from "bun:sqlite";
import { SQL } from "bun";
import { OperatingError } from "#shared/errors.ts";
import { storeError } from "./errors.ts";

export type Hold = { release(): Promise<void> };

/** Any number that means this program. */
const lockNumber = 760_077;
/** A process that was just killed holds its lock until the server notices; who really holds it does so for longer. */
const triesMax = 10;
const retryMs = 100;

/**
 * Says that this process works with a catalog: "shared" as aggregators do, "exclusive" for what must have it alone.
 * Ends with the process, however that ends. Throws OperatingError "unavailable" while others' use forbids it.
 */
export function holdCatalog(url: string, mode: "shared" | "exclusive"): Promise<Hold> {
  return /^postgres(ql)?:/.test(url) ? holdPostgres(url, mode) : holdSqlite(url, mode);
}

function heldError(mode: "shared" | "exclusive", cause?: unknown): OperatingError {
  const message =
    mode === "shared"
      ? "the catalog is held by a running `lapwing storage` command: wait for its end"
      : "the catalog is held by a running Lapwing: stop it first";
  return new OperatingError("unavailable", message, { cause });
}

async function holdPostgres(url: string, mode: "shared" | "exclusive"): Promise<Hold> {
  const sql = new SQL({ url, max: 1, connectionTimeout: 10 });
  const suffix = mode === "shared" ? "_shared" : "";
  const take = async () => {
    const rows: unknown = await sql.unsafe(
      `SELECT pg_try_advisory_lock${suffix}(${lockNumber}) AS held`,
    );
    return Array.isArray(rows) && rows[0]?.held === true;
  };
  try {
    for (let tries = 1; !(await take()); tries++) {
      if (tries === triesMax) throw heldError(mode);
      await Bun.sleep(retryMs);
    }
  } catch (cause) {
    await sql.close();
    throw storeError("hold the catalog", cause);
  }
  return {
    release: async () => {
      try {
        // Closing alone lets go only once the server has noticed.
        await sql.unsafe(`SELECT pg_advisory_unlock${suffix}(${lockNumber})`);
      } catch {
        // A connection that is gone holds nothing.
      }
      await sql.close();
    },
  };
}

/** By a lock of SQLite on a file of its own: the system lets go of it when the process ends. */
function holdSqlite(url: string, mode: "shared" | "exclusive"): Promise<Hold> {
  const path = `${url.replace(/^sqlite:(\/\/)?/, "")}.lock`;
  let database: Database;
  try {
    database = new Database(path, { create: true });
  } catch (cause) {
    return Promise.reject(storeError(`open ${path}`, cause));
  }
  try {
    if (mode === "exclusive") database.run("BEGIN EXCLUSIVE");
    else {
      database.run("BEGIN");
      // The lock is taken by the first statement that reads.
      database.query("SELECT count(*) FROM sqlite_master").get();
    }
  } catch (cause) {
    database.close();
    return Promise.reject(heldError(mode, cause));
  }
  return Promise.resolve({
    release: () => {
      database.close();
      return Promise.resolve();
    },
  });
}
