import type { SampleSink } from "../../collect/samples/family.ts";
import { passwordOf } from "../connections/credentials.ts";
import type { OpenInstance } from "../integration.ts";
import { splitAddress } from "../connections/split_address.ts";
import {
  SqlConnection,
  type SqlOptions,
  type SqlRow,
  sqlPart,
} from "../connections/sql_connection.ts";
import { tlsOptionsOf } from "../connections/tls_files.ts";
import { type MysqlConfig, usualPort } from "./config.ts";
import { addGlobalStatus } from "./global_status.ts";
import { addGlobalVariables } from "./global_variables.ts";
import {
  addCompressedMemory,
  addCompression,
  addResponseTime,
  addTables,
  addThreads,
  compressedMemorySql,
  compressionSql,
  responseTimeSql,
  tablesSql,
  threadsSql,
} from "./information_schema.ts";
import { addReplication, replicationSql } from "./replication.ts";
import { addStatements, statementsSql } from "./statements.ts";

/** Errors with which a server lets nobody in, or goes: too many connections, access denied, host blocked, shutdown, killed, expired, locked. */
const refusedEntry = new Set(
  [1040, 1044, 1045, 1053, 1129, 1130, 1203, 1226, 1251, 1698, 1862, 1927, 3118, 4151].map(String),
);

export const openMysql: OpenInstance<MysqlConfig> = (config, { timeoutMs }) => {
  const connection = new SqlConnection(
    splitAddress(config.address, usualPort),
    () => connectOptions(config, timeoutMs),
    (code) => refusedEntry.has(code),
  );
  return {
    async collect(sink, tick) {
      const ask = (statement: string) => connection.rows(statement, tick.signal);
      addGlobalStatus(sink, await ask("SHOW GLOBAL STATUS"));
      const texts = addGlobalVariables(sink, await ask("SHOW GLOBAL VARIABLES"));
      for (const [name, statement, add] of partsOf(config, texts))
        await sqlPart(tick, name, async () => add(sink, await ask(statement)));
    },
    close: () => connection.close(),
  };
};

type Part = readonly [
  name: string,
  statement: string,
  add: (sink: SampleSink, rows: readonly SqlRow[]) => void,
];

function partsOf(config: MysqlConfig, texts: ReadonlyMap<string, string>): Part[] {
  const text = texts.get("version") ?? "";
  const isMariadb = /mariadb/i.test(text);
  const [major = 0, minor = 0] = text.split(".").map((number) => Number.parseInt(number, 10));
  const parts: Part[] = [
    ["slave_status", replicationSql(isMariadb, major * 100 + minor), addReplication],
    ["innodb_cmp", compressionSql, addCompression],
    ["innodb_cmpmem", compressedMemorySql, addCompressedMemory],
    ["processlist", threadsSql, addThreads],
  ];
  if (texts.get("query_response_time_stats") === "on")
    parts.push(["query_response_time", responseTimeSql, addResponseTime]);
  if (texts.get("performance_schema") === "on" && config.statements_max > 0)
    parts.push(["events_statements", statementsSql(config.statements_max), addStatements]);
  if (config.tables_max > 0) parts.push(["tables", tablesSql(config.tables_max), addTables]);
  return parts;
}

async function connectOptions(config: MysqlConfig, timeoutMs: number): Promise<SqlOptions> {
  const [password = "", tls] = await Promise.all([passwordOf(config), tlsOptionsOf(config.tls)]);
  return {
    adapter: "mysql",
    username: config.username,
    password,
    // Everybody may use it.
    database: "information_schema",
    tls,
    timeoutMs,
  };
}
