import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverProgram } from "./daemon.ts";
import { freePort } from "./free_port.ts";

export type MariadbServer = {
  readonly port: number;
  readonly socket: string;
  /** Its own, removed with it; error.log and slow.log are there. */
  readonly folder: string;
  /** A connection as root, without a password; the caller closes it. */
  connect(): Bun.SQL;
  stop(): Promise<void>;
};

const program = serverProgram("mariadbd");
const scripts = "/usr/share/mysql";
const systemTables = [
  "mysql_system_tables.sql",
  "mysql_performance_tables.sql",
  "mysql_system_tables_data.sql",
];

/** Why there can be no MariaDB here, or undefined. */
export const mariadbMissing = program === null ? "MariaDB's server is not installed" : undefined;

/** Small files, and nothing synced. */
const cheap = [
  "--no-defaults",
  "--innodb-log-file-size=4M",
  "--innodb-buffer-pool-size=8M",
  "--innodb-data-file-path=ibdata1:4M:autoextend",
  "--innodb-temp-data-file-path=ibtmp1:2M:autoextend",
  "--innodb-undo-tablespaces=0",
  "--innodb-flush-log-at-trx-commit=0",
  "--innodb-flush-method=nosync",
  "--innodb-fast-shutdown=2",
  "--innodb-buffer-pool-dump-at-shutdown=OFF",
  "--aria-log-file-size=8M",
];

/** A real MariaDB with nothing but its system tables, on a free port and a socket; `settings` as on its command line. */
export async function startMariadb(settings: readonly string[] = []): Promise<MariadbServer> {
  const folder = mkdtempSync(join(tmpdir(), "lapwing-mariadb-"));
  const port = await freePort();
  const socket = join(folder, "mysqld.sock");
  const errorLog = join(folder, "error.log");
  const own = [
    ...cheap,
    `--datadir=${join(folder, "data")}`,
    `--tmpdir=${folder}`,
    ...(process.getuid?.() === 0 ? ["--user=root"] : []),
  ];
  await makeSystemTables(folder, own);
  const flags = [
    "--bind-address=127.0.0.1",
    `--port=${port}`,
    `--socket=${socket}`,
    `--pid-file=${join(folder, "pid")}`,
    `--log-error=${errorLog}`,
    `--slow-query-log-file=${join(folder, "slow.log")}`,
  ];
  const server = Bun.spawn([program ?? "", ...own, ...flags, ...settings], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const connect = () =>
    new Bun.SQL({
      adapter: "mysql",
      path: socket,
      username: "root",
      password: "",
      database: "mysql",
      tls: false,
      max: 1,
    });
  while (server.exitCode === null && !(await answers(connect))) await Bun.sleep(20);
  if (server.exitCode !== null)
    throw new Error(`mariadbd ended: ${readFileSync(errorLog, "utf8").slice(-2_000)}`);
  return {
    port,
    socket,
    folder,
    connect,
    async stop() {
      server.kill("SIGKILL");
      await server.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What mariadb-install-db does, without its detours. */
async function makeSystemTables(folder: string, own: readonly string[]): Promise<void> {
  await Bun.$`mkdir ${join(folder, "data")}`.quiet();
  const input = join(folder, "system.sql");
  await Bun.write(
    input,
    `create database mysql;\nuse mysql;\nSET @auth_root_socket=NULL, @skip_auth_anonymous=1;\n`,
  );
  for (const name of systemTables) appendFileSync(input, readFileSync(join(scripts, name)));
  const bootstrap = Bun.spawn([program ?? "", ...own, "--bootstrap", "--silent-startup"], {
    stdin: Bun.file(input),
    stdout: "ignore",
    stderr: "pipe",
  });
  const told = await new Response(bootstrap.stderr).text();
  if ((await bootstrap.exited) !== 0) throw new Error(`mariadbd --bootstrap: ${told}`);
}

async function answers(connect: () => Bun.SQL): Promise<boolean> {
  const sql = connect();
  try {
    await sql.unsafe("SELECT 1").simple();
    return true;
  } catch {
    return false;
  } finally {
    await sql.close({ timeout: 0 });
  }
}
