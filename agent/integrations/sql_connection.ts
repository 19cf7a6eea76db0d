import { OperatingError, messageOf } from "#shared/errors.ts";

import type { Tick } from "./integration.ts";
import type { TlsOptions } from "./tls_files.ts";

export type SqlRow = Readonly<Record<string, unknown>>;

type Options = ConstructorParameters<typeof Bun.SQL>[0];

/** A statement that the server refused; the connection goes on. */
class SqlRefusal extends OperatingError {
  constructor(message: string) {
    super("bad_request", message.slice(0, 300));
  }
}

/**
 * One connection to a database, opened at the first query, kept, and opened anew after it was lost. Throws SqlRefusal for a statement that the server
 * refuses, OperatingError "unavailable" where it can't be reached or lets nobody in, "timeout" after an abort, which closes the connection: Bun's
 * client can't be interrupted otherwise.
 */
export class SqlConnection {
  readonly #options: () => Promise<Options>;
  readonly #isRefusedEntry: (code: string) => boolean;
  #sql: Bun.SQL | undefined;

  /**
   * `options` are made for each connection, so that passwords are those of now. `isRefusedEntry` tells of a server's error code (SQLSTATE of
   * PostgreSQL, number of MySQL) whether it ends the connection.
   */
  constructor(options: () => Promise<Options>, isRefusedEntry: (code: string) => boolean) {
    this.#options = options;
    this.#isRefusedEntry = isRefusedEntry;
  }

  /** Rows of one statement without parameters. Integers of 64 bits come as text. */
  async rows(statement: string, signal: AbortSignal): Promise<readonly SqlRow[]> {
    const wasOpen = this.#sql !== undefined;
    try {
      return await this.#ask(statement, signal);
    } catch (thrown) {
      if (!wasOpen || signal.aborted || thrown instanceof SqlRefusal) throw thrown;
      // The server was started anew since the last tick, perhaps.
      return this.#ask(statement, signal);
    }
  }

  async #ask(statement: string, signal: AbortSignal): Promise<readonly SqlRow[]> {
    signal.throwIfAborted();
    const sql = (this.#sql ??= new Bun.SQL(await this.#options()));
    const abort = (): void => void this.close();
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await sql.unsafe<SqlRow[]>(statement).simple();
    } catch (thrown) {
      if (signal.aborted) throw new OperatingError("timeout", "no answer in time");
      const code = serverCodeOf(thrown);
      if (code !== undefined && !this.#isRefusedEntry(code))
        throw new SqlRefusal(messageOf(thrown));
      await this.close();
      throw new OperatingError("unavailable", messageOf(thrown));
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async close(): Promise<void> {
    const sql = this.#sql;
    this.#sql = undefined;
    await sql?.close({ timeout: 0 });
  }
}

/** The server's own code of an error; undefined where the client failed. */
function serverCodeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("errno" in thrown)) return undefined;
  const { errno } = thrown;
  return typeof errno === "string" || typeof errno === "number" ? String(errno) : undefined;
}

/** A part of a tick: what the server refuses is told, and the rest of the tick goes on. */
export async function sqlPart(tick: Tick, name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (thrown) {
    if (!(thrown instanceof SqlRefusal)) throw thrown;
    tick.degraded(`${name}: ${thrown.message}`);
  }
}

/** Options of TLS as Bun's client has them. */
export function sqlTls(tls: TlsOptions | undefined) {
  if (tls === undefined) return false;
  return { ...tls, ...(tls.servername === undefined ? {} : { serverName: tls.servername }) };
}

/** A column as a number: texts and booleans are read, null and what is no number are undefined. */
export function numberOf(value: unknown): number | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

/** A column as the value of a label: empty for null. */
export function labelOf(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}
