/** Services that a host may have, as real servers with nothing to do, and what an agent's configuration says of each. */
import { type Daemon, pageAnswers, serverFolder, serverProgram, startDaemon } from "./daemon.ts";
import { freePort } from "./free_port.ts";
import { postgresMissing, startPostgres } from "./postgres.ts";
import { redisMissing, startRedis } from "./redis.ts";

type HostService = Daemon & {
  /** Its entry under `integrations`. */
  readonly entry: Readonly<Record<string, unknown>>;
};

/** By the names of their integrations; undefined where the server is not installed. */
const starters = {
  haproxy: startHaproxy,
  memcached: startMemcached,
  nginx: startNginx,
  postgresql: async (): Promise<HostService | undefined> => {
    if (postgresMissing !== undefined) return undefined;
    const server = await startPostgres();
    return {
      entry: { address: `127.0.0.1:${server.port}`, username: "lapwing", database: "postgres" },
      stop: () => server.stop(),
    };
  },
  redis: async (): Promise<HostService | undefined> => {
    if (redisMissing !== undefined) return undefined;
    const server = await startRedis();
    return { entry: { address: `127.0.0.1:${server.port}` }, stop: () => server.stop() };
  },
};

export const hostServiceNames: readonly string[] = Object.keys(starters);

/** Those of the names whose servers are installed, all started. Throws for a name that is none of them. */
export async function startHostServices(
  names: readonly string[],
): Promise<Daemon & { readonly integrations: Readonly<Record<string, unknown>> }> {
  const started = new Map<string, HostService>();
  const stop = async () => {
    for (const service of started.values()) await service.stop();
  };
  try {
    for (const name of names) {
      const start = Object.entries(starters).find(([known]) => known === name)?.[1];
      if (start === undefined)
        throw new Error(`"${name}" is not one of: ${hostServiceNames.join(", ")}`);
      const service = await start();
      if (service === undefined) console.error(`${name} is not installed here: left out`);
      else started.set(name, service);
    }
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  const entries = [...started].map(([name, { entry }]) => [name, [entry]] as const);
  return { integrations: Object.fromEntries(entries), stop };
}

async function startMemcached(): Promise<HostService | undefined> {
  const program = serverProgram("memcached");
  if (program === null) return undefined;
  const port = await freePort();
  const user = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const command = [program, "-l", "127.0.0.1", "-p", String(port), ...user];
  const server = await startDaemon(command, async () => {
    (await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } })).end();
    return true;
  });
  return { entry: { address: `127.0.0.1:${port}` }, stop: () => server.stop() };
}

async function startNginx(): Promise<HostService | undefined> {
  const program = serverProgram("nginx");
  if (program === null) return undefined;
  const { path, ...folder } = await serverFolder("nginx");
  const port = await freePort();
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const config = `daemon off; pid ${path}/pid; error_log ${path}/error.log;
worker_processes 1; events { worker_connections 64; }
http {
  ${folders.map((name) => `${name}_temp_path ${path}/${name};`).join(" ")}
  access_log ${path}/access.log;
  server { listen 127.0.0.1:${port}; location = /status { stub_status; access_log off; } }
}`;
  await Bun.write(`${path}/nginx.conf`, config);
  const url = `http://127.0.0.1:${port}/status`;
  const server = await startDaemon([program, "-p", path, "-c", `${path}/nginx.conf`], () =>
    pageAnswers(url),
  );
  const logs = { access_logs: [`${path}/access.log`], error_logs: [`${path}/error.log`] };
  return { entry: { url, ...logs }, stop: () => ended(server, folder) };
}

async function startHaproxy(): Promise<HostService | undefined> {
  const program = serverProgram("haproxy");
  if (program === null) return undefined;
  const { path, ...folder } = await serverFolder("haproxy");
  const port = await freePort();
  const config = `global
  stats socket ${path}/sock mode 600 level user
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:${port}
  monitor-uri /alive
  default_backend app
backend app
  server one 127.0.0.1:1
  server two 127.0.0.1:1
`;
  await Bun.write(`${path}/haproxy.cfg`, config);
  const command = [program, "-db", "-f", `${path}/haproxy.cfg`];
  const server = await startDaemon(command, () => pageAnswers(`http://127.0.0.1:${port}/alive`));
  return { entry: { socket: `${path}/sock` }, stop: () => ended(server, folder) };
}

async function ended(server: Daemon, folder: AsyncDisposable): Promise<void> {
  await server.stop();
  await folder[Symbol.asyncDispose]();
}
