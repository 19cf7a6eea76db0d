import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, chownSync, copyFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { messageOf } from "#shared/errors.ts";
import { severity } from "#shared/model/logs.ts";
import { askServer } from "#test/support/ask_server.ts";
import { freePort } from "#test/support/free_port.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { LogsUnderTest } from "#test/support/integration_logs.ts";
import { type Collected, InstanceUnderTest } from "#test/support/integration_world.ts";
import {
  type PostgresServer,
  postgresMissing,
  startPostgres,
  startStandby,
} from "#test/support/postgres.ts";
import { ProbeCertificates } from "#test/support/probe_certificates.ts";
import { postgresql } from "./integration.ts";

const withServer = test.skipIf(postgresMissing !== undefined);
const logFile = "server.log";

let server: PostgresServer;
let standby: PostgresServer | undefined;
let sql: Bun.SQL;

beforeAll(async () => {
  if (postgresMissing !== undefined) return;
  server = await startPostgres((folder) => ({
    unix_socket_directories: folder,
    shared_preload_libraries: "pg_stat_statements",
    fsync: "off",
    logging_collector: "on",
    log_directory: folder,
    log_filename: logFile,
    log_line_prefix: "%m [%p] %q%u@%d ",
    log_min_duration_statement: "0",
    log_timezone: "UTC",
  }));
  sql = new Bun.SQL({ url: server.url, tls: false, max: 1 });
  await sql.unsafe(`CREATE DATABASE shop; `).simple();
  await sql
    .unsafe(
      `CREATE EXTENSION pg_stat_statements;
       CREATE TABLE orders (id int PRIMARY KEY, what text);
       INSERT INTO orders SELECT i, 'thing' FROM generate_series(1, 1000) i;
       CREATE USER watcher PASSWORD 'geheim'; GRANT pg_monitor TO watcher;
       CREATE USER nobody_much PASSWORD 'geheim'`,
    )
    .simple();
  await sql.unsafe("ANALYZE orders").simple();
  // Statistics of a backend are told once a second at most; it is there since 15.
  await sql.unsafe("SELECT pg_stat_force_next_flush()").simple().catch(messageOf);
});

afterAll(async () => {
  await sql?.close({ timeout: 0 });
  await standby?.stop();
  await server?.stop();
});

function at({ port }: PostgresServer): string {
  return `127.0.0.1:${port}`;
}

async function tick(options: object): Promise<Collected> {
  const instance = new InstanceUnderTest(postgresql, options);
  try {
    return await instance.tick();
  } finally {
    await instance.close();
  }
}

withServer(
  "postgresql: databases, tables, statements, locks and a standby are those of the server",
  async () => {
    standby = await startStandby(server);
    await using holder = new Bun.SQL({ url: server.url, tls: false, max: 1 });
    await holder.unsafe("BEGIN; LOCK TABLE orders IN SHARE MODE").simple();
    const options = { address: at(server), username: "watcher", databases: ["shop"] };
    const { samples, degraded } = await tick(options);
    expect(degraded).toEqual([]);
    const orders = '{datname="postgres",schemaname="public",relname="orders"}';
    expect(samples.get(`pg_stat_user_tables_n_tup_ins${orders}`)).toBe(1_000);
    expect(samples.get(`pg_stat_user_tables_table_size_bytes${orders}`)).toBeGreaterThan(8_192);
    expect(samples.get('pg_locks_count{datname="postgres",mode="sharelock"}')).toBe(1);
    const size = (await sql.unsafe("SELECT pg_database_size('template0') AS size").simple())[0]
      .size;
    expect(samples.get('pg_database_size_bytes{datname="template0"}')).toBe(Number(size));
    expect(samples.get("pg_settings_shared_buffers_bytes")).toBe(128 * 1_024 * 1_024);
    expect(samples.get("pg_settings_checkpoint_timeout_seconds")).toBe(300);
    expect(samples.get("pg_settings_fsync")).toBe(0);
    expect(
      sumOf(samples, "pg_stat_activity_count", 'datname="postgres",state="idle in transaction"'),
    ).toBe(1);
    expect(sumOf(samples, "pg_stat_activity_count", 'datname="shop",state="active"')).toBe(0);
    expect(
      sumOf(samples, "pg_stat_statements_rows_total", 'user="lapwing"'),
    ).toBeGreaterThanOrEqual(1_000);
    expect(samples.get("pg_replication_is_replica")).toBe(0);
    expect(samples.get('pg_replication_slots_active{slot_name="standby"}')).toBe(1);
    expect(
      samples.get(
        'pg_replication_slot_wal_status{slot_name="standby",slot_type="physical",wal_status="reserved"}',
      ),
    ).toBe(1);
    expect(
      sumOf(samples, "pg_stat_replication_pg_wal_lsn_diff", 'state="streaming"'),
    ).toBeGreaterThanOrEqual(0);
    const ofStandby = await tick({
      address: at(standby),
      username: "watcher",
      statements_max: 0,
    });
    expect(ofStandby.degraded).toEqual([]);
    expect(ofStandby.samples.get("pg_replication_is_replica")).toBe(1);
    expect(ofStandby.samples.get("pg_replication_lag_seconds")).toBe(0);
    const received =
      'pg_stat_wal_receiver_received_tli{upstream_host="127.0.0.1",slot_name="standby",status="streaming"}';
    expect(ofStandby.samples.get(received)).toBe(1);
    expectAssets(import.meta.dir, [...samples.keys(), ...ofStandby.samples.keys()], {
      pg_stat_statements_query_id: "only with statement_text",
    });
  },
);

function sumOf(samples: ReadonlyMap<string, number>, name: string, labels: string): number {
  let sum: number | undefined;
  for (const [key, value] of samples)
    if (key.startsWith(`${name}{`) && key.includes(labels)) sum = (sum ?? 0) + value;
  if (sum === undefined) throw new Error(`no ${name} with ${labels}`);
  return sum;
}

withServer(
  "postgresql: a connection is kept, opened anew where its backend is gone or hangs, and closed",
  async () => {
    const options = { address: at(server), username: "watcher" };
    const instance = new InstanceUnderTest(postgresql, options);
    const backends = async () => {
      const rows = await sql
        .unsafe("SELECT pid FROM pg_stat_activity WHERE application_name = 'lapwing'")
        .simple();
      return rows.map(({ pid }: { pid: number }) => pid);
    };
    await instance.tick();
    const [first, ...others] = await backends();
    await instance.tick();
    expect([await backends(), others]).toEqual([[first], []]);
    await sql.unsafe(`SELECT pg_terminate_backend(${first}, 1000)`).simple();
    expect((await instance.tick()).degraded).toEqual([]);
    const [second] = await backends();
    expect(second).not.toBe(first);
    const hasty = new InstanceUnderTest(postgresql, options, 1_500);
    await hasty.tick();
    const third = (await backends()).find((pid: number) => pid !== second) ?? 0;
    process.kill(third, "SIGSTOP");
    expect(await hasty.tick().then(() => "answered", messageOf)).toBe("no answer in time");
    expect((await hasty.tick()).samples.get("pg_settings_fsync")).toBe(0);
    process.kill(third, "SIGCONT");
    await Promise.all([instance.close(), hasty.close()]);
    while ((await backends()).length > 0) await Bun.sleep(10);
  },
);

withServer(
  "postgresql: a user without pg_monitor, a locked table and a missing extension lack parts only",
  async () => {
    await sql.unsafe("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE").simple();
    const locked = await tick({ address: at(server), username: "watcher" });
    await sql.unsafe("ROLLBACK").simple();
    expect(locked.degraded).toEqual(["stat_user_tables: canceling statement due to lock timeout"]);
    expect(locked.samples.get("pg_settings_fsync")).toBe(0);
    const options = {
      address: at(server),
      database: "shop",
      databases: ["gone"],
      statement_text: true,
    };
    const { samples, degraded } = await tick({ ...options, username: "nobody_much" });
    expect(degraded).toEqual([
      "wal: permission denied for function pg_ls_waldir",
      "stat_statements: the extension is not in database shop (statements_max: 0 asks for none)",
      'database gone: database "gone" does not exist',
    ]);
    expect(samples.get("pg_settings_fsync")).toBe(0);
    const withText = await tick({ address: at(server), username: "watcher", statement_text: true });
    const text = [...withText.samples.keys()].find((key) => key.includes("INSERT INTO orders"));
    expect(text).toStartWith("pg_stat_statements_query_id{queryid=");
  },
);

withServer(
  "postgresql: who is not let in, and what is no PostgreSQL, is told with the reason",
  async () => {
    expect(await reasonOf({ address: at(server), username: "stranger" }, 10_000)).toBe(
      'role "stranger" does not exist',
    );
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    const other = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (socket) => void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n") },
    });
    expect(await reasonOf({ address: `127.0.0.1:${silent.port}` })).toBe("no answer in time");
    expect(await reasonOf({ address: `127.0.0.1:${other.port}` }, 10_000)).not.toBe("answered");
    expect(await reasonOf({ address: `127.0.0.1:${await freePort()}` }, 10_000)).toStartWith(
      "connect ECONNREFUSED",
    );
    expect(await reasonOf({ address: "/nowhere" }, 10_000)).toContain("/nowhere/.s.PGSQL.5432");
    for (const each of [silent, other]) each.stop(true);
  },
);

withServer(
  "postgresql: TLS is spoken with the server itself, and its name is checked",
  async () => {
    const pki = new ProbeCertificates();
    const secure = await startPostgres((folder) => {
      for (const suffix of ["key", "pem"]) installFile(pki.file(`good.${suffix}`), folder);
      return {
        ssl: "on",
        ssl_cert_file: join(folder, "good.pem"),
        ssl_key_file: join(folder, "good.key"),
      };
    });
    const named = (tls: object) => ({ address: at(secure), username: "lapwing", tls });
    const { authority } = pki;
    const instance = new InstanceUnderTest(
      postgresql,
      named({ ca_file: authority, server_name: "foo.example" }),
    );
    expect((await instance.tick()).samples.get("pg_up")).toBe(1);
    await using asker = new Bun.SQL({ url: secure.url, tls: false, max: 1 });
    const statement = `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'lapwing'`;
    expect([...(await asker.unsafe(statement).simple())]).toEqual([{ ssl: true }]);
    await instance.close();
    // Its address, 127.0.0.1, is in the certificate.
    expect(await reasonOf(named({ ca_file: authority }), 10_000)).toBe("answered");
    expect(
      await reasonOf(named({ ca_file: authority, server_name: "other.example" }), 10_000),
    ).toContain("does not match");
    expect(await reasonOf(named({}), 10_000)).toContain("certificate");
    await secure.stop();
    pki.remove();
  },
);

/** A copy that belongs to the folder's owner, who alone may read it. */
function installFile(path: string, folder: string): void {
  const copy = join(folder, basename(path));
  copyFileSync(path, copy);
  chmodSync(copy, 0o600);
  const { uid, gid } = statSync(folder);
  chownSync(copy, uid, gid);
}

/** The time is for those that stay silent; who answers has more. */
async function reasonOf(options: object, timeoutMs = 150): Promise<string> {
  return new InstanceUnderTest(postgresql, options, timeoutMs)
    .tick()
    .then(() => "answered", messageOf);
}

withServer(
  "postgresql: a server is found by its socket, with the log of its cluster, and needs nothing where it lets us in",
  async () => {
    const { port, folder } = server;
    const user = "lapwing_agent";
    const host = {
      processes: [
        {
          pid: 9,
          name: "postgres",
          args: [
            "/usr/lib/postgresql/15/bin/postgres",
            "-D",
            "/x",
            "-c",
            "config_file=/etc/postgresql/15/blue/postgresql.conf",
          ],
        },
        { pid: 10, name: "postgres", args: ["postgres: checkpointer "] },
      ],
      listeners: [
        { protocol: "unix" as const, path: `${folder}/.s.PGSQL.${port}` },
        { host: "127.0.0.1", port },
      ],
      files: {
        "/etc/passwd": `other:x:1:2:::\n${user}:x:${process.getuid?.()}:0:::\n`,
        "/etc/postgresql/15/blue/postgresql.conf": `#port = 1\nport = ${port}\t# free`,
      },
      ask: askServer,
    };
    const [stranger, ...others] = await postgresql.detect(hostOf(host));
    expect(others).toEqual([]);
    const options = {
      address: `${folder}/.s.PGSQL.${port}`,
      username: user,
      log_files: ["/var/log/postgresql/postgresql-15-blue.log"],
    };
    expect(stranger).toMatchObject({ confidence: 1, options });
    expect(stranger?.needs.map(({ key, example }) => [key, example])).toEqual([["username", user]]);
    await sql.unsafe(`CREATE ROLE "${user}" LOGIN; GRANT pg_monitor TO "${user}"`).simple();
    const [known] = await postgresql.detect(hostOf(host));
    expect(known).toMatchObject({ options, needs: [] });
    expect((await tick(known?.options ?? {})).samples.get("pg_settings_fsync")).toBe(0);
    expect(postgresql.instanceOf(postgresql.config.parse(options))).toBe(`localhost:${port}`);
    const byTcp = {
      ...host,
      listeners: host.listeners.slice(1),
      files: { ...host.files, "/etc/passwd": `stranger:x:${process.getuid?.()}:0:::\n` },
    };
    const [unknown] = await postgresql.detect(hostOf(byTcp));
    expect(unknown?.options.address).toBe(at(server));
    expect(unknown?.options).not.toHaveProperty("username");
    expect(unknown?.needs.map(({ key }) => key)).toEqual(["password_file"]);
    const asking = {
      ...host,
      processes: [],
      ask: async () => "R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0",
    };
    const [secret] = await postgresql.detect(hostOf(asking));
    expect(secret?.needs[0]?.why).toContain("GRANT pg_monitor TO lapwing");
  },
);

withServer(
  "postgresql: lines of its log that belong together are one record, with severity, user and duration",
  async () => {
    await sql.unsafe("INSERT INTO orders VALUES (1,\n 'again')").simple().catch(messageOf);
    let failed;
    while (failed === undefined)
      failed = (await readLog()).find(({ body }) => body.startsWith("duplicate key"));
    expect(failed.body.replaceAll(/"\w+"/g, "?")).toBe(
      "duplicate key value violates unique constraint ?\nDETAIL:  Key (id)=(1) already exists.\n" +
        "STATEMENT:  INSERT INTO orders VALUES (1,\n\t 'again')",
    );
    expect(failed.severity).toBe(severity.error);
    expect(failed.attributes).toMatchObject({
      user: "lapwing",
      database: "postgres",
      level: "ERROR",
    });
    expect(failed.stream).toMatchObject({ job: "postgresql", log: "server" });
    const timed = (await readLog()).find(
      ({ attributes }) => attributes.statement === "ANALYZE orders",
    );
    expect(Number(timed?.attributes.duration_ms ?? "no statement was timed")).toBeGreaterThan(0);
  },
);

async function readLog() {
  const text = await Bun.file(`${server.folder}/${logFile}`).text();
  return new LogsUnderTest(postgresql, { log_files: ["/x/server.log"] }).read("server", text);
}
