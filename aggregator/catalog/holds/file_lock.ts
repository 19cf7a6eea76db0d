import { Database } from "bun:sqlite";
import { parseIdentity, type ProcessIdentity } from "#shared/runtime/process/process_identity.ts";

/** shared goes beside shared and owner; one owner at a time; exclusive goes beside nothing. */
export type LockMode = "shared" | "owner" | "exclusive";

/**
 * A lock on a file that ends with the process, however that ends: SQLite's own, on a database that holds nothing but the
 * owner's name. An owner has SQLite's RESERVED lock, beside which others can still read that name.
 */
export class FileLock {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** `self` is the name to leave for others. Throws LockedError, and what SQLite throws of the file. */
  static take(path: string, mode: LockMode, self?: ProcessIdentity): FileLock {
    const database = new Database(path, { create: true });
    try {
      switch (mode) {
        case "shared":
          database.run("BEGIN");
          // The lock is taken by the first statement that reads.
          database.query("SELECT count(*) FROM sqlite_master").get();
          break;
        case "owner":
          takeAsOwner(database, self);
          break;
        case "exclusive":
          database.run("BEGIN EXCLUSIVE");
          break;
        default:
          throw mode satisfies never;
      }
    } catch (cause) {
      const holder = holderOf(database);
      database.close();
      if (isBusy(cause)) throw new LockedError(path, holder, { cause });
      throw cause;
    }
    return new FileLock(database);
  }

  release(): void {
    this.#database.close();
  }
}

/** Another process has the lock; `holder` where its name could be read. */
export class LockedError extends Error {
  readonly holder: ProcessIdentity | undefined;

  constructor(path: string, holder: ProcessIdentity | undefined, options?: ErrorOptions) {
    super(`${path} is locked`, options);
    this.name = "LockedError";
    this.holder = holder;
  }
}

/** The name is written between two locks; it is a help for people, and a full disk must not prevent the second one. */
function takeAsOwner(database: Database, self: ProcessIdentity | undefined): void {
  database.run("BEGIN IMMEDIATE");
  try {
    // The file's content is not worth a sync.
    database.run("CREATE TABLE IF NOT EXISTS holder (id INTEGER PRIMARY KEY, process TEXT)");
    const name = JSON.stringify(self ?? null);
    database.run("INSERT OR REPLACE INTO holder (id, process) VALUES (1, ?)", [name]);
    database.run("COMMIT");
  } catch {
    database.run("ROLLBACK");
  }
  database.run("BEGIN IMMEDIATE");
}

function holderOf(database: Database): ProcessIdentity | undefined {
  try {
    const row = database.query("SELECT process FROM holder").get();
    if (typeof row !== "object" || row === null || !("process" in row)) return undefined;
    return parseIdentity(String(row.process));
  } catch {
    return undefined;
  }
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "SQLITE_BUSY";
}
