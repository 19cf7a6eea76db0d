import { SQL } from "bun";
import { OperatingError } from "#shared/errors.ts";
import { storeError } from "../../read/storage_error.ts";
import { isPostgresUrl, sqlitePathOf } from "../catalog_url.ts";
import { FileLock, LockedError, type LockMode } from "./file_lock.ts";
import {
  describeProcess,
  livenessOf,
  type ProcessIdentity,
} from "#shared/runtime/process/process_identity.ts";

export type Hold = { release(): Promise<void> };

/** Any number that means this program. */
const lockNumber = 760_077;
/** A process that was just killed holds its lock until the server notices; who really holds it does so for longer. */
const triesMax = 10;
const retryMs = 100;

/**
 * Announces that this process works with a catalog: "owner" for an aggregator, "shared" for a command beside it, "exclusive" for
 * a command that needs the catalog alone. Ends with the process, however that ends. In PostgreSQL an owner holds no more than a
 * command does: there the lease alone decides between two owners. Throws OperatingError "unavailable" while others' use forbids it.
 */
export function holdCatalog(url: string, mode: LockMode, self?: ProcessIdentity): Promise<Hold> {
  return isPostgresUrl(url) ? holdPostgres(url, mode) : holdSqlite(url, mode, self);
}

/** Of a catalog or a data directory that another process holds. */
export function ownedError(
  what: string,
  owner: ProcessIdentity | undefined,
  advice: string,
  cause?: unknown,
): OperatingError {
  const name = owner === undefined ? "" : ` (${describeProcess(owner)})`;
  const isStopped = owner !== undefined && livenessOf(owner) === "stopped";
  const state = isStopped ? " that was stopped by a signal (SIGSTOP)" : "";
  const message = `${what} is held by a running Lapwing${name}${state}: ${advice}`;
  return new OperatingError("unavailable", message, { cause });
}

export const ownPlacesAdvice =
  "stop it first, or give this one a data directory and a catalog of its own (data_dir, storage.catalog)";

function heldError(mode: LockMode, holder?: ProcessIdentity, cause?: unknown): OperatingError {
  const isCommand =
    mode === "shared" ||
    (mode === "owner" && (holder === undefined || livenessOf(holder) === "dead"));
  if (isCommand) {
    const message = "the catalog is held by a running `lapwing storage` command: wait for its end";
    return new OperatingError("unavailable", message, { cause });
  }
  const advice = mode === "exclusive" ? "stop it first" : ownPlacesAdvice;
  return ownedError("the catalog", holder, advice, cause);
}

async function holdPostgres(url: string, mode: LockMode): Promise<Hold> {
  const sql = new SQL({ url, max: 1, connectionTimeout: 10 });
  const suffix = mode === "exclusive" ? "" : "_shared";
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
        // Closing alone releases it only once the server has noticed.
        await sql.unsafe(`SELECT pg_advisory_unlock${suffix}(${lockNumber})`);
      } catch {
        // A connection that is gone holds nothing.
      }
      await sql.close({ timeout: 0 });
    },
  };
}

function holdSqlite(url: string, mode: LockMode, self?: ProcessIdentity): Promise<Hold> {
  const path = `${sqlitePathOf(url)}.lock`;
  try {
    const lock = FileLock.take(path, mode, self);
    return Promise.resolve({ release: () => Promise.resolve(lock.release()) });
  } catch (cause) {
    const error =
      cause instanceof LockedError
        ? heldError(mode, cause.holder, cause)
        : storeError(`lock ${path}`, cause);
    return Promise.reject(error);
  }
}
