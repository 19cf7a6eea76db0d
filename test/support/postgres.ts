import { chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./asking.ts";
import { freePort } from "./free_port.ts";

export type PostgresServer = {
  readonly url: string;
  readonly port: number;
  /** Its own, removed with it. */
  readonly folder: string;
  stop(): Promise<void>;
};

/** Settings by name, made for the server's folder. */
type Settings = (folder: string) => Readonly<Record<string, string>>;

const binaries = findBinaries();

/** Why there can be no PostgreSQL here, or undefined. */
export const postgresMissing = missing();

/** A real PostgreSQL with an empty cluster in a temporary folder, on a free port, run by an unprivileged user. */
export async function startPostgres(settings: Settings = () => ({})): Promise<PostgresServer> {
  const folder = await ownFolder();
  const data = join(folder, "data");
  await run([
    "initdb",
    "-D",
    data,
    "-U",
    "lapwing",
    "-A",
    "trust",
    "-N",
    "--no-instructions",
    "--wal-segsize=1",
  ]);
  return startIn(folder, settings);
}

/** A standby of it, which follows by a slot of the name `standby`, and has caught up. */
export async function startStandby({ port, url }: PostgresServer): Promise<PostgresServer> {
  const folder = await ownFolder();
  const from = ["-h", "127.0.0.1", "-p", String(port), "-U", "lapwing"];
  const how = ["-R", "-X", "stream", "-c", "fast", "-C", "-S", "standby", "--no-sync"];
  await run(["pg_basebackup", "-D", join(folder, "data"), ...from, ...how]);
  const standby = await startIn(folder, () => ({ fsync: "off" }));
  await using primary = new Bun.SQL({ url, tls: false, max: 1 });
  // It streams before it has told how far it is.
  await until("the standby to tell how far it is", async () => {
    const rows = await primary`SELECT 1 FROM pg_stat_replication
      WHERE state = 'streaming' AND replay_lsn IS NOT NULL`;
    return [...rows].length > 0;
  });
  return standby;
}

/** Sets the password of the user, and has it asked for. */
export async function requirePassword(
  { url, folder }: PostgresServer,
  password: string,
): Promise<void> {
  await using sql = new Bun.SQL({ url, tls: false, max: 1 });
  await sql.unsafe(`ALTER ROLE lapwing PASSWORD '${password.replaceAll("'", "''")}'`);
  writeFileSync(join(folder, "data", "pg_hba.conf"), "host all all 127.0.0.1/32 scram-sha-256\n");
  await sql`SELECT pg_reload_conf()`;
  await until("PostgreSQL to ask for the password", async () => {
    await using open = new Bun.SQL({ url, tls: false, max: 1 });
    return await open`SELECT 1`.then(
      () => false,
      () => true,
    );
  });
}

async function ownFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-postgres-"));
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  const user = unprivileged();
  if (user !== undefined) for (const path of [folder, data]) chownSync(path, user.uid, user.gid);
  return folder;
}

async function startIn(folder: string, settings: Settings): Promise<PostgresServer> {
  const port = await freePort();
  const all = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    ...settings(folder),
  };
  const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const server = spawn(["postgres", "-D", join(folder, "data"), "-p", String(port), ...flags]);
  while (server.exitCode === null) {
    const probe = spawn(["pg_isready", "-q", "-h", "127.0.0.1", "-p", String(port)]);
    if ((await probe.exited) === 0) break;
    await Bun.sleep(50);
  }
  if (server.exitCode !== null) throw new Error(`postgres ended with ${server.exitCode}`);
  return {
    url: `postgres://lapwing@127.0.0.1:${port}/postgres`,
    port,
    folder,
    async stop() {
      // SIGINT is its fast shutdown: connections are closed.
      server.kill("SIGINT");
      await server.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function run(command: string[]): Promise<void> {
  const code = await spawn(command).exited;
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}`);
}

/** PostgreSQL refuses to be run by root. */
function spawn([name = "", ...rest]: string[]): Bun.Subprocess {
  const command = [join(binaries ?? "", name), ...rest];
  const asUser =
    unprivileged() === undefined
      ? []
      : ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"];
  return Bun.spawn([...asUser, ...command], { cwd: "/", stdout: "ignore", stderr: "ignore" });
}

function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = ["-u", "-g"].map((flag) =>
    Number(Bun.spawnSync(["id", flag, "postgres"]).stdout.toString()),
  );
  return { uid: uid ?? 0, gid: gid ?? 0 };
}

function findBinaries(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root) : [];
  const newest = versions.toSorted((a, b) => Number(a) - Number(b)).at(-1);
  const folder = join(root, newest ?? "", "bin");
  if (newest !== undefined && existsSync(join(folder, "postgres"))) return folder;
  const found = Bun.which("postgres");
  return found === null ? undefined : join(found, "..");
}

function missing(): string | undefined {
  if (binaries === undefined) return "PostgreSQL's server is not installed";
  const isRoot = process.getuid?.() === 0;
  if (isRoot && Bun.spawnSync(["id", "-u", "postgres"]).exitCode !== 0)
    return "there is no user postgres, and PostgreSQL refuses to be run by root";
  return undefined;
}
