import { SQL } from "bun";
import { pathToFileURL } from "node:url";
import { OperatingError } from "#shared/errors.ts";
import { begin, beginAtOneMoment, isBusy } from "./catalog_transactions.ts";
import { storeError } from "../read/storage_error.ts";
import { isPostgresUrl, sqlitePathOf } from "./catalog_url.ts";

/** How long a statement or transaction waits for its turn and for locks of other processes, before it fails. */
const waitMaxMs = 4_000;
/** In PostgreSQL: a server that stands still answers nothing, and a connection to it waits for ever. */
const statementMaxMs = 10_000;
const transactionMaxMs = 60_000;
/** Within a transaction, until PostgreSQL ends it: a process that stands still must not hold rows that another one waits for. */
const idleInTransactionMaxMs = 3_000;
const retryMinMs = 5;
const retryMaxMs = 100;

/**
 * One connection to the catalog, in SQLite or PostgreSQL. One statement or transaction at a time: SQLite has one connection, on
 * which another's statement would fall into a transaction that is open. Whatever fails here fails as OperatingError, and within
 * seconds: a catalog that another process has locked, or a server that stands still, must not hold up queries.
 */
export class CatalogConnection {
  readonly isPostgres: boolean;
  readonly #open: () => SQL;
  #sql: SQL;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(open: () => SQL, isPostgres: boolean) {
    this.#open = open;
    this.#sql = open();
    this.isPostgres = isPostgres;
  }

  /** `url` is postgres://… or sqlite://path. */
  static async open(url: string): Promise<CatalogConnection> {
    const isPostgres = isPostgresUrl(url);
    const connection = new CatalogConnection(
      () => (isPostgres ? openPostgres(url) : openSqlite(url)),
      isPostgres,
    );
    try {
      if (!isPostgres) await connection.#configureSqlite();
    } catch (cause) {
      await connection.close();
      throw storeError("open the catalog", cause);
    }
    return connection;
  }

  /** One statement. `timeoutMs` is for PostgreSQL, where SQLite's statements end by themselves. */
  run<Result>(
    what: string,
    action: (sql: SQL) => PromiseLike<Result>,
    timeoutMs = statementMaxMs,
  ): Promise<Result> {
    return this.#inTurn(what, timeoutMs, action);
  }

  /** Several statements as one that writes. They may be run again: nothing but the given `sql` may be changed. */
  write<Result>(
    what: string,
    action: (sql: SQL) => Promise<Result>,
    timeoutMs = transactionMaxMs,
  ): Promise<Result> {
    return this.#inTurn(what, timeoutMs, (sql) => begin(sql, this.isPostgres, action));
  }

  /** Several statements that see one moment. They may be run again: nothing but the given `sql` may be changed. */
  atOneMoment<Result>(what: string, action: (sql: SQL) => Promise<Result>): Promise<Result> {
    return this.#inTurn(what, transactionMaxMs, (sql) =>
      this.isPostgres ? beginAtOneMoment(sql, action) : begin(sql, false, action),
    );
  }

  async close(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#sql.close({ timeout: 0 });
  }

  async #configureSqlite(): Promise<void> {
    // A wait within SQLite would stop this whole process: waits are ours (#untilFree).
    await this.#sql.unsafe("PRAGMA busy_timeout = 0");
    const deadline = performance.now() + waitMaxMs;
    await untilFree(deadline, () => this.#sql.unsafe("PRAGMA journal_mode = WAL"));
    // An acknowledged commit must survive a power cut; WAL alone promises that only with FULL.
    await this.#sql.unsafe("PRAGMA synchronous = FULL");
  }

  #inTurn<Result>(
    what: string,
    timeoutMs: number,
    action: (sql: SQL) => PromiseLike<Result>,
  ): Promise<Result> {
    const deadline = performance.now() + waitMaxMs;
    const turn = this.#last;
    const run = (async () => {
      if (!(await isWithin(turn, waitMaxMs))) throw notFree(what);
      return this.isPostgres
        ? this.#bounded(what, timeoutMs, action)
        : untilFree(deadline, () => action(this.#sql));
    })().catch((cause: unknown) => {
      throw isBusy(cause) ? notFree(what, cause) : storeError(what, cause);
    });
    // One that gave up its turn must not let the next one in before those ahead of it.
    this.#last = Promise.all([turn, run.catch(() => {})]).catch(() => {});
    return run;
  }

  /** What takes too long is given up together with its connection, whose state is unknown then. */
  async #bounded<Result>(
    what: string,
    timeoutMs: number,
    action: (sql: SQL) => PromiseLike<Result>,
  ): Promise<Result> {
    const sql = this.#sql;
    const running = Promise.resolve(action(sql));
    if (await isWithin(running, timeoutMs)) return running;
    running.catch(() => {});
    this.#sql = this.#open();
    await sql.close({ timeout: 0 });
    const message = `${what}: the catalog has not answered for ${timeoutMs / 1_000} s`;
    throw new OperatingError("unavailable", message);
  }
}

function openPostgres(url: string): SQL {
  return new SQL({
    url,
    // One is used; more would be kept for nothing.
    max: 1,
    connectionTimeout: waitMaxMs / 1_000,
    connection: {
      lock_timeout: String(waitMaxMs),
      idle_in_transaction_session_timeout: String(idleInTransactionMaxMs),
    },
  });
}

function openSqlite(url: string): SQL {
  // As a file URL: Bun takes any other text for a URL too, which a "#" or "?" in the path would cut.
  return new SQL({ adapter: "sqlite", filename: pathToFileURL(sqlitePathOf(url)) });
}

function notFree(what: string, cause?: unknown): OperatingError {
  const message = `${what}: the catalog is busy, or locked by another process, for more than ${waitMaxMs / 1_000} s`;
  return new OperatingError("unavailable", message, { cause });
}

/** Whether a promise is settled, either way, within `ms`. */
async function isWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), ms);
  try {
    return await Promise.race([
      promise.then(
        () => true,
        () => true,
      ),
      late.promise,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** Tries again while another process holds SQLite's lock, without standing still meanwhile. */
async function untilFree<Result>(
  deadline: number,
  action: () => PromiseLike<Result>,
): Promise<Result> {
  for (let waitMs = retryMinMs; ; waitMs = Math.min(waitMs * 2, retryMaxMs)) {
    try {
      return await action();
    } catch (thrown) {
      if (!isBusy(thrown) || performance.now() + waitMs > deadline) throw thrown;
      await Bun.sleep(waitMs);
    }
  }
}
