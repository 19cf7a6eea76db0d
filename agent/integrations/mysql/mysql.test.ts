import { afterAll, beforeAll, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { severity } from "#shared/model/logs.ts";
import { askServer } from "#test/support/ask_server.ts";
import { pageAnswers, serverProgram, startDaemon } from "#test/support/daemon.ts";
import { expectLikeExporter } from "#test/support/exporter_peer.ts";
import { freePort } from "#test/support/free_port.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { LogsUnderTest } from "#test/support/integration_logs.ts";
import { type Collected, InstanceUnderTest } from "#test/support/integration_world.ts";
import { type MariadbServer, mariadbMissing, startMariadb } from "#test/support/mariadb.ts";
import { SqlConnection } from "../connections/sql_connection.ts";
import { mysql } from "./integration.ts";
import { replicationSql, addReplication } from "./replication.ts";

const withServer = test.skipIf(mariadbMissing !== undefined);
const password = "geheim of mysql";
const rights = "PROCESS, REPLICA MONITOR";

let server: MariadbServer;
let replica: MariadbServer;
let sql: Bun.SQL;

beforeAll(async () => {
  if (mariadbMissing !== undefined) return;
  [server, replica] = await Promise.all([
    startMariadb([
      "--server-id=1",
      "--log-bin",
      "--performance-schema=ON",
      "--skip-name-resolve",
      "--slow-query-log=1",
      "--long-query-time=0",
    ]),
    startMariadb(["--server-id=2"]),
  ]);
  sql = server.connect();
  for (const statement of [
    "CREATE DATABASE shop",
    "CREATE TABLE shop.orders (id INT PRIMARY KEY, what VARCHAR(10))",
    "INSERT INTO shop.orders VALUES (1, 'a'), (2, 'b')",
    `CREATE USER lapwing@'%' IDENTIFIED BY '${password}'`,
    `GRANT ${rights} ON *.* TO lapwing@'%'`,
    "GRANT SELECT ON performance_schema.* TO lapwing@'%'",
    "GRANT SELECT ON shop.* TO lapwing@'%'",
    "CREATE USER copy@'%' IDENTIFIED BY 'copy'",
    "GRANT REPLICATION REPLICA ON *.* TO copy@'%'",
    "CREATE USER few@'%' IDENTIFIED BY 'few'",
  ])
    await sql.unsafe(statement).simple();
});

afterAll(async () => {
  await sql?.close({ timeout: 0 });
  await server?.stop();
  await replica?.stop();
});

function at({ port }: MariadbServer): string {
  return `127.0.0.1:${port}`;
}

async function tick(options: object): Promise<Collected> {
  const instance = new InstanceUnderTest(mysql, options);
  try {
    return await instance.tick();
  } finally {
    await instance.close();
  }
}

withServer(
  "mysql: status, variables, statements and a replica are those of the server",
  async () => {
    const onReplica = replica.connect();
    for (const statement of [
      `CHANGE MASTER TO master_host='127.0.0.1', master_port=${server.port}, master_user='copy', master_password='copy', master_use_gtid=slave_pos`,
      "START SLAVE",
    ])
      await onReplica.unsafe(statement).simple();
    await sql.unsafe("USE shop").simple();
    await sql.unsafe("SELECT * FROM orders WHERE what = 'a'").simple();
    const { samples, degraded } = await tick({ address: at(server), password, tables_max: 10 });
    expect(degraded).toEqual([]);
    expect(samples.get('mysql_global_status_commands_total{command="create_db"}')).toBe(1);
    expect(
      samples.get('mysql_global_status_handlers_total{handler="write"}'),
    ).toBeGreaterThanOrEqual(2);
    expect(samples.get("mysql_global_variables_innodb_buffer_pool_size")).toBe(8 * 1_024 * 1_024);
    expect(samples.get("mysql_global_variables_slow_query_log")).toBe(1);
    expect(samples.get('mysql_transaction_isolation{level="REPEATABLE-READ"}')).toBe(1);
    expect(keyOf(samples, "mysql_version_info")).toContain('version_comment="Debian');
    expect(samples.get('mysql_info_schema_table_rows{schema="shop",table="orders"}')).toBe(2);
    const statement = keyOf(
      samples,
      "mysql_perf_schema_events_statements_rows_examined_total",
      "SELECT * FROM",
    );
    expect(samples.get(statement)).toBe(2);
    const follows = async () => {
      const collected = await tick({ address: replica.socket, username: "root" });
      expect(collected.degraded).toEqual([]);
      return collected.samples;
    };
    const behind = 'mysql_slave_status_seconds_behind_master{master_host="127.0.0.1"}';
    let ofReplica = await follows();
    const deadline = AbortSignal.timeout(20_000);
    while (ofReplica.get(behind) !== 0 && !deadline.aborted) ofReplica = await follows();
    expect(ofReplica.get(behind)).toBe(0);
    expect(ofReplica.get('mysql_slave_status_slave_sql_running{master_host="127.0.0.1"}')).toBe(1);
    const gtid = keyOf(ofReplica, "mysql_slave_status_gtid_io_pos");
    expect(gtid).toBe(
      'mysql_slave_status_gtid_io_pos{master_host="127.0.0.1",domain_id="0",server_id="1"}',
    );
    expect(ofReplica.get(gtid)).toBeGreaterThan(5);
    await onReplica.close({ timeout: 0 });
    expectAssets(import.meta.dir, [...samples.keys(), ...ofReplica.keys()]);
  },
);

function keyOf(samples: ReadonlyMap<string, number>, name: string, text = ""): string {
  const found = [...samples.keys()].find((key) => key.startsWith(`${name}{`) && key.includes(text));
  return found ?? `no ${name} with ${text}`;
}

test("mysql: a replica of MySQL 8.4 has its columns under their new and old names", () => {
  // As dev.mysql.com/doc/refman/8.4/en/show-replica-status.html describes it.
  const row = {
    Source_Host: "db1",
    Source_UUID: "9a56",
    Channel_Name: "",
    Replica_IO_Running: "Connecting",
    Replica_SQL_Running: "Yes",
    Seconds_Behind_Source: 7,
    Source_Log_File: "binlog.000002",
    Last_IO_Error_Timestamp: "",
  };
  const samples = new Map<string, number>();
  addReplication(
    { add: ({ name }, value, ...labels) => void samples.set(`${name} ${labels.join()}`, value) },
    [row],
  );
  expect(Object.fromEntries(samples)).toEqual({
    "mysql_slave_status_replica_io_running db1,9a56,,": 0,
    "mysql_slave_status_slave_io_running db1,9a56,,": 0,
    "mysql_slave_status_replica_sql_running db1,9a56,,": 1,
    "mysql_slave_status_slave_sql_running db1,9a56,,": 1,
    "mysql_slave_status_seconds_behind_source db1,9a56,,": 7,
    "mysql_slave_status_seconds_behind_master db1,9a56,,": 7,
  });
  const statements = [
    [true, 1011],
    [false, 800],
    [false, 804],
  ] as const;
  expect(statements.map(([isMariadb, version]) => replicationSql(isMariadb, version))).toEqual([
    "SHOW ALL SLAVES STATUS",
    "SHOW SLAVE STATUS",
    "SHOW REPLICA STATUS",
  ]);
});

withServer(
  "mysql: a user without rights lacks parts only, and who is not let in is told why",
  async () => {
    const few = await tick({ address: at(server), username: "few", password: "few" });
    expect(few.degraded.map((reason) => reason.replace(/:.*/, ""))).toEqual([
      "slave_status",
      "innodb_cmp",
      "innodb_cmpmem",
      "events_statements",
    ]);
    expect(few.samples.get("mysql_global_status_threads_connected")).toBeGreaterThan(0);
    const wrong = await reasonOf({ address: at(server), password: "wrong secret" }, 10_000);
    expect(wrong).toStartWith("Access denied for user 'lapwing'@");
    expect(wrong).not.toContain("wrong secret");
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    expect(await reasonOf({ address: `127.0.0.1:${silent.port}` })).toBe("no answer in time");
    silent.stop(true);
    expect(await reasonOf({ address: `127.0.0.1:${await freePort()}` }, 10_000)).toStartWith(
      "connect ECONNREFUSED",
    );
  },
);

withServer("mysql: an answer without an end is cut", async () => {
  const account = { username: "lapwing", password, database: "information_schema" };
  const connection = new SqlConnection(
    { host: "127.0.0.1", port: server.port },
    async () => ({ ...account, adapter: "mysql", tls: undefined, timeoutMs: 10_000 }),
    () => false,
  );
  const endless = "SELECT a.collation_name FROM collations a, collations b, collations c";
  const signal = AbortSignal.timeout(10_000);
  expect(await connection.rows(endless, signal).catch(messageOf)).toBe(
    "an answer of more than 8 MiB",
  );
  expect(await connection.rows("SELECT 1 AS one", signal)).toEqual([{ one: 1 }]);
  await connection.close();
});

/** The time is for those that stay silent; who answers has more. */
async function reasonOf(options: object, timeoutMs = 150): Promise<string> {
  return new InstanceUnderTest(mysql, options, timeoutMs).tick().then(() => "answered", messageOf);
}

withServer(
  "mysql: a server is found by its socket, and needs nothing where that lets us in",
  async () => {
    const user = process.getuid?.() === 0 ? "root" : (Bun.env.USER ?? "");
    const host = {
      processes: [{ pid: 9, name: "mariadbd" }],
      listeners: [
        { protocol: "unix" as const, path: server.socket, pid: 9 },
        { host: "0.0.0.0", port: server.port, pid: 9 },
      ],
      units: ["mariadb.service"],
      files: { "/etc/passwd": `${user}:x:${process.getuid?.()}:0:::\n` },
      ask: askServer,
    };
    const stranger = {
      ...host,
      files: { "/etc/passwd": `stranger:x:${process.getuid?.()}:0:::\n` },
    };
    const [refused, ...others] = await mysql.detect(hostOf(stranger));
    expect(others).toEqual([]);
    expect(refused?.options).toEqual({ address: server.socket, log_unit: "mariadb" });
    expect(refused?.needs.map(({ key }) => key)).toEqual(["password_file"]);
    expect(refused?.needs[0]?.why).toContain(`GRANT ${rights}`);
    await sql
      .unsafe(`CREATE OR REPLACE USER ${user}@localhost IDENTIFIED VIA unix_socket`)
      .simple();
    await sql.unsafe(`GRANT ALL ON *.* TO ${user}@localhost WITH GRANT OPTION`).simple();
    const [known] = await mysql.detect(hostOf(host));
    expect(known).toMatchObject({
      confidence: 1,
      needs: [],
      options: { address: server.socket, username: user },
    });
    expect(
      (await tick(known?.options ?? {})).samples.get("mysql_global_status_uptime"),
    ).toBeGreaterThanOrEqual(0);
    const [byPort] = await mysql.detect(hostOf({ ...host, listeners: host.listeners.slice(1) }));
    expect(byPort).toMatchObject({ confidence: 1, options: { address: at(server) } });
  },
);

withServer(
  "mysql: lines of the error log and entries of the slow log have time, severity and fields",
  async () => {
    const logs = new LogsUnderTest(mysql, {
      log_files: ["/x/error.log"],
      slow_log_files: ["/x/slow.log"],
    });
    const text = await Bun.file(`${server.folder}/error.log`).text();
    const ready = logs
      .read("error", text)
      .find(({ body }) => body.endsWith("ready for connections."));
    expect(ready?.severity).toBe(severity.info + 1);
    expect(Date.now() - Date.parse(ready?.time ?? "")).toBeWithin(0, 600_000);
    expect(ready?.attributes).toEqual({ thread: "0" });
    const [early] = logs.read("error", "2026-05-01  8:03:04 0 [Note] Starting\n");
    expect(new Date(early?.time ?? "")).toEqual(new Date(2026, 4, 1, 8, 3, 4));
    const [ofMysql] = logs.read(
      "error",
      "2026-05-01T08:03:04.123456Z 12 [Warning] [MY-010068] [Server] CA certificate is self signed.\n",
    );
    expect(ofMysql).toMatchObject({
      body: "CA certificate is self signed.",
      severity: severity.warn,
      time: "2026-05-01T08:03:04.123Z",
      attributes: { thread: "12", code: "MY-010068", subsystem: "Server" },
    });
    const slow = logs.read("slow", await Bun.file(`${server.folder}/slow.log`).text());
    const insert = slow.find(({ body }) => body.startsWith("INSERT INTO shop.orders"));
    expect(insert?.body).toBe("INSERT INTO shop.orders VALUES (1, 'a'), (2, 'b');");
    expect(insert?.attributes).toMatchObject({ user: "root", rows_affected: "2" });
    // The time that stands before an entry is none, though nothing comes before it.
    const entry = "# User@Host: a[a] @ b []\n# Query_time: 1.5\nSELECT 1;\n";
    const after = logs.read("slow", `# Time: 261122 15:05:03\n${entry}`);
    expect(after.map(({ body }) => body)).toEqual(["SELECT 1;"]);
    expect(Date.now() - Date.parse(insert?.time ?? "")).toBeWithin(0, 600_000);
  },
);

const exporter = serverProgram("prometheus-mysqld-exporter");
test.skipIf(mariadbMissing !== undefined || exporter === null)(
  "mysql: names, types and labels are the exporter's",
  async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    const url = `http://${listen}/metrics`;
    const file = `${server.folder}/exporter.cnf`;
    await Bun.write(
      file,
      `[client]\nhost=127.0.0.1\nport=${server.port}\nuser=lapwing\npassword=${password}\n`,
    );
    const flags = [`--config.my-cnf=${file}`, `--web.listen-address=${listen}`];
    const daemon = await startDaemon([exporter ?? "", ...flags], () => pageAnswers(url));
    const body = await (await fetch(url)).text();
    await daemon.stop();
    expectLikeExporter(body, await tick({ address: at(server), password }), []);
  },
);
