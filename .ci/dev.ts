/**
 * `bun run dev [--port PORT] [-- ARGUMENTS OF lapwing up]`: a server that restarts when its code changes, and the interface with hot
 * reload and source maps. Open the address of the interface; what it asks goes to the server.
 */
import { mkdirSync, watch } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import page from "../ui/index.html";

const root = join(import.meta.dir, "..");
/** What the server runs, but for tests. */
const serverFolders = ["agent", "aggregator", "proto", "shared"];
const serverFiles: ReadonlySet<string> = new Set(["lapwing.ts", "command_line.ts", "up_role.ts"]);
/** An editor that saves many files, or Git, changes them within this time. */
const settleMs = 200;
/** Longer than the server takes to write what it holds. */
const stopMaxMs = 15_000;

const { values, positionals } = parseArgs({
  options: {
    port: { type: "string", default: "3000" },
    server: { type: "string", default: "3100" },
  },
  allowPositionals: true,
});
const serverAddress = `127.0.0.1:${values.server}`;
const data = join(root, "data", "dev");

/** The server of this moment. */
let server: Bun.Subprocess | undefined;

function startServer(): void {
  mkdirSync(data, { recursive: true });
  const command = [process.execPath, join(root, "lapwing.ts"), "up"];
  server = Bun.spawn([...command, "--listen", serverAddress, "--data-dir", data, ...positionals], {
    stdout: "inherit",
    stderr: "inherit",
    onExit: (child, code, signal) => {
      if (child === server && code !== 0 && signal === null)
        console.error(`The server ended with ${code}. It starts again with the next change.`);
    },
  });
}

async function stopServer(): Promise<void> {
  const stopping = server;
  server = undefined;
  if (stopping === undefined || stopping.exitCode !== null) return;
  stopping.kill("SIGTERM");
  const timer = setTimeout(() => stopping.kill("SIGKILL"), stopMaxMs);
  await stopping.exited;
  clearTimeout(timer);
}

let restarting: Promise<void> = Promise.resolve();
let settling: ReturnType<typeof setTimeout> | undefined;

function changed(path: string): void {
  if (!/\.(?:ts|js|yaml|json|sql)$/.test(path) || /\.test\.|fixture/.test(path)) return;
  clearTimeout(settling);
  settling = setTimeout(() => {
    console.error(`${path} changed: the server restarts.`);
    restarting = restarting.then(stopServer).then(startServer);
  }, settleMs);
}

function watchServer(): void {
  for (const folder of serverFolders)
    watch(join(root, folder), { recursive: true }, (_, name) => changed(`${folder}/${name ?? ""}`));
  watch(root, (_, name) => {
    if (name !== null && serverFiles.has(name)) changed(name);
  });
}

/** Forwards a request to the server and streams the answer. While the server restarts, it answers 503 with Retry-After. */
async function forward(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  headers.set("host", serverAddress);
  headers.delete("origin");
  // Bun's fetch unpacks an answer, so it must not say that it is packed.
  headers.set("accept-encoding", "identity");
  try {
    return await fetch(`http://${serverAddress}${pathname}${search}`, {
      method: request.method,
      headers,
      body: request.body,
      signal: request.signal,
      redirect: "manual",
    });
  } catch {
    return new Response("the server restarts\n", { status: 503, headers: { "retry-after": "1" } });
  }
}

const rpc = ["Query", "Dashboard", "Event", "Data"].map((name) => `/lapwing.v1.${name}Service/*`);
const forwarded = ["/api/*", "/loki/*", "/-/*", "/metrics", ...rpc];

startServer();
watchServer();
const site = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(values.port),
  development: { hmr: true, console: true },
  // A tail stays open for as long as the page does.
  idleTimeout: 0,
  routes: { ...Object.fromEntries(forwarded.map((path) => [path, forward])), "/*": page },
});
console.error(`The interface: ${site.url.href}   The server: http://${serverAddress}/`);

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    clearTimeout(settling);
    void restarting.then(stopServer).then(() => process.exit(0));
  });
