import type { SampleSink } from "../../collect/samples/family.ts";
import { passwordOf } from "../connections/credentials.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import {
  SqlConnection,
  type SqlOptions,
  type SqlRow,
  labelOf,
  sqlPart,
} from "../connections/sql_connection.ts";
import { splitAddress } from "../connections/split_address.ts";
import { tlsOptionsOf } from "../connections/tls_files.ts";
import { type PostgresqlConfig, usualPort } from "./config.ts";
import { databaseParts } from "./databases.ts";
import { type Part, addRows } from "./part.ts";
import { replicationParts } from "./replication.ts";
import { serverParts, staticInfo } from "./server.ts";
import { addSettings, settingsSql } from "./settings.ts";
import { extensionSql, statementTextsPart, statementsPart } from "./statements.ts";
import { tableParts, vacuumPhases } from "./tables.ts";

/** Part of the tick's time that may be spent on waiting for a table that somebody else has locked. */
const lockShare = 0.1;

type Asked = {
  readonly sink: SampleSink;
  readonly tick: Tick;
  readonly connection: SqlConnection;
  readonly version: number;
};

/** One connection for the server, and one for each further database. */
export const openPostgresql: OpenInstance<PostgresqlConfig> = (config, { timeoutMs }) => {
  const connectionTo = (database: string): SqlConnection =>
    new SqlConnection(
      socketOf(config.address),
      () => connectOptions(config, database, timeoutMs),
      isRefusedEntry,
    );
  const main = connectionTo(config.database);
  const others = config.databases
    .filter((name) => name !== config.database)
    .map((name) => [name, connectionTo(name)] as const);
  const ofTables = tableParts(config.tables_max);
  const ofServer = [
    ...serverParts,
    ...databaseParts,
    ...replicationParts,
    ...ofTables,
    vacuumPhases,
  ];
  return {
    async collect(sink, tick) {
      const [first = {}] = await main.rows(
        "SELECT current_setting('server_version_num')::int AS number, version() AS text",
        tick.signal,
      );
      const number = Number(first.number);
      const version = Math.trunc(number / 10_000);
      sink.add(staticInfo, 1, labelOf(first.text), `${version}.${number % 10_000}.0`);
      const asked = { sink, tick, connection: main, version };
      await addParts(asked, ofServer);
      await sqlPart(tick, "settings", async () =>
        addSettings(sink, await main.rows(settingsSql, tick.signal)),
      );
      if (config.statements_max > 0)
        await sqlPart(tick, "stat_statements", () => addStatements(asked, config));
      for (const [name, connection] of others)
        await otherDatabase(tick, name, () => addParts({ ...asked, connection }, ofTables));
    },
    async close() {
      for (const connection of [main, ...others.map(([, each]) => each)]) await connection.close();
    },
  };
};

async function connectOptions(
  config: PostgresqlConfig,
  database: string,
  timeoutMs: number,
): Promise<SqlOptions> {
  const [password = "", tls] = await Promise.all([passwordOf(config), tlsOptionsOf(config.tls)]);
  return {
    adapter: "postgres",
    username: config.username,
    password,
    database,
    tls,
    timeoutMs,
    session: {
      application_name: "lapwing",
      statement_timeout: timeoutMs,
      lock_timeout: Math.max(1, Math.round(timeoutMs * lockShare)),
      // What is asked for is the server's own, whatever somebody has put into a schema.
      search_path: "pg_catalog",
    },
  };
}

/** A folder stands for the socket of the usual port in it. */
function socketOf(address: string) {
  const at = splitAddress(address, usualPort);
  if (!("path" in at) || at.path.includes("/.s.PGSQL.")) return at;
  return { path: `${at.path.replace(/\/$/, "")}/.s.PGSQL.${usualPort}` };
}

/** SQLSTATE classes of a server that lets nobody in, or goes: connection, authorization, no such database, resources, shutdown. */
function isRefusedEntry(sqlState: string): boolean {
  return /^(08|28|3D|53|57P)/.test(sqlState);
}

async function addParts(asked: Asked, parts: readonly Part[]): Promise<void> {
  for (const each of parts)
    if (asked.version >= (each.since ?? 0) && asked.version <= (each.until ?? Infinity))
      await sqlPart(asked.tick, each.name, async () => {
        await addPart(asked, each);
      });
}

async function addPart({ sink, tick, connection }: Asked, each: Part): Promise<readonly SqlRow[]> {
  const rows = await connection.rows(each.sql, tick.signal);
  addRows(sink, each, rows);
  return rows;
}

async function addStatements(asked: Asked, config: PostgresqlConfig): Promise<void> {
  const [extension] = await asked.connection.rows(extensionSql, asked.tick.signal);
  if (extension === undefined) {
    asked.tick.degraded(
      `stat_statements: the extension is not in database ${config.database} (statements_max: 0 asks for none)`,
    );
    return;
  }
  const rows = await addPart(asked, statementsPart(extension, config.statements_max));
  if (!config.statement_text) return;
  const texts = statementTextsPart(
    extension,
    rows.map((row) => labelOf(row.queryid)),
  );
  if (texts !== undefined) await addPart(asked, texts);
}

/** A database that can't be entered does not make the server down. */
async function otherDatabase(tick: Tick, name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (thrown) {
    if (tick.signal.aborted || !(thrown instanceof Error)) throw thrown;
    tick.degraded(`database ${name}: ${thrown.message}`);
  }
}
