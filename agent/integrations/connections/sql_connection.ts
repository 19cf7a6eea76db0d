import { OperatingError, messageOf } from "#shared/errors.ts";

import { BoundedRelay } from "./bounded_relay.ts";
import type { SocketAddress } from "../host_view.ts";
import type { Tick } from "../integration.ts";
import type { TlsOptions } from "./tls_files.ts";

export type SqlRow = Readonly<Record<string, unknown>>;

/** What Bun's client is to know besides the address. */
export type SqlOptions = {
  readonly adapter: "postgres" | "mysql";
  readonly username: string;
  readonly password: string;
  readonly database: string;
  readonly tls: TlsOptions | undefined;
  readonly timeoutMs: number;
  /** Settings of the session (PostgreSQL). */
  readonly session?: Readonly<Record<string, string | number>>;
};

/**
 * What the server may send for one statement, some times what the largest honest one takes (10,000 tables). Bun's client keeps all that comes, as rows of the
 * smallest size in some 30 times the bytes.
 */
const answerBytesMax = 8 * 1_024 * 1_024;

/** A statement that the server refused; the connection goes on. */
class SqlRefusal extends OperatingError {
  constructor(message: string) {
    super("bad_request", message.slice(0, 300));
  }
}

type Opened = { readonly sql: Bun.SQL; readonly relay: BoundedRelay };

/**
 * One connection to a database, opened at the first query, kept, and opened anew after it was lost. Throws SqlRefusal for a statement that the server
 * refuses, OperatingError "unavailable" where it can't be reached or lets nobody in, "corrupt" where an answer is too large, "timeout" after an abort, which
 * closes the connection: Bun's client can't be interrupted otherwise.
 */
export class SqlConnection {
  readonly #address: SocketAddress;
  readonly #options: () => Promise<SqlOptions>;
  readonly #isRefusedEntry: (code: string) => boolean;
  #opened: Opened | undefined;

  /**
   * `options` are made for each connection, so that passwords are those of now. `isRefusedEntry` tells of a server's error code (SQLSTATE of
   * PostgreSQL, number of MySQL) whether it ends the connection.
   */
  constructor(
    address: SocketAddress,
    options: () => Promise<SqlOptions>,
    isRefusedEntry: (code: string) => boolean,
  ) {
    this.#address = address;
    this.#options = options;
    this.#isRefusedEntry = isRefusedEntry;
  }

  /** Rows of one statement without parameters. Integers of 64 bits come as text. */
  async rows(statement: string, signal: AbortSignal): Promise<readonly SqlRow[]> {
    const wasOpen = this.#opened !== undefined;
    try {
      return await this.#ask(statement, signal);
    } catch (thrown) {
      const isLost = thrown instanceof OperatingError && thrown.code === "unavailable";
      if (!wasOpen || signal.aborted || !isLost) throw thrown;
      // The server was started anew since the last tick, perhaps.
      return this.#ask(statement, signal);
    }
  }

  async #ask(statement: string, signal: AbortSignal): Promise<readonly SqlRow[]> {
    signal.throwIfAborted();
    const { sql, relay } = (this.#opened ??= await this.#open(signal));
    relay.renew();
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
      throw relay.error ?? new OperatingError("unavailable", messageOf(thrown));
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async #open(signal: AbortSignal): Promise<Opened> {
    const { adapter, session, tls, timeoutMs, ...account } = await this.#options();
    const relay = await BoundedRelay.open(this.#address, answerBytesMax, signal);
    const { address } = relay;
    const serverName = tls?.servername ?? ("host" in this.#address ? this.#address.host : "");
    const sql = new Bun.SQL({
      adapter,
      ...account,
      ...("path" in address ? address : { hostname: address.host, port: address.port }),
      tls: tls === undefined ? false : { ...tls, serverName },
      max: 1,
      connectionTimeout: Math.max(1, timeoutMs / 1_000),
      ...(session === undefined ? {} : { connection: session }),
    });
    return { sql, relay };
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    // First, so that nothing more comes for a client that may be busy with what did.
    opened?.relay.close();
    await opened?.sql.close({ timeout: 0 });
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
