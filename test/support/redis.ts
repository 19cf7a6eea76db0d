import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free_port.ts";

export type RedisServer = {
  readonly port: number;
  /** Its own, removed with it; its log is log.txt there. */
  readonly folder: string;
  /** Sends one command by a connection of the server's own client, and gives what it prints. */
  command(...words: readonly string[]): Promise<string>;
  stop(): Promise<void>;
};

/** Why there can be no Redis here, or undefined. */
export const redisMissing =
  Bun.which("redis-server") === null ? "redis-server is not installed" : undefined;

/** A real redis-server in a folder of its own; `settings` as on its command line, without the dashes. Resolves when it answers. */
export async function startRedis(
  settings: Readonly<Record<string, string>> = {},
  kind: "server" | "sentinel" = "server",
): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "lapwing-redis-"));
  const port = await freePort();
  const file = join(folder, "redis.conf");
  const all = {
    port: String(port),
    bind: "127.0.0.1",
    dir: folder,
    logfile: join(folder, "log.txt"),
    ...(kind === "server" ? { save: '""' } : {}),
    ...settings,
  };
  await Bun.write(
    file,
    Object.entries(all)
      .map((pair) => `${pair.join(" ")}\n`)
      .join(""),
  );
  const mode = kind === "sentinel" ? ["--sentinel"] : [];
  const server = Bun.spawn(["redis-server", file, ...mode], { stdout: "ignore", stderr: "ignore" });
  const password =
    "requirepass" in settings ? ["--no-auth-warning", "-a", settings.requirepass ?? ""] : [];
  const command = async (...words: readonly string[]): Promise<string> => {
    const client = Bun.spawn(["redis-cli", "-p", String(port), ...password, ...words], {
      stderr: "ignore",
    });
    return (await new Response(client.stdout).text()).trim();
  };
  while (server.exitCode === null && (await command("PING")) !== "PONG") await Bun.sleep(20);
  if (server.exitCode !== null)
    throw new Error(`redis-server ended: ${await Bun.file(join(folder, "log.txt")).text()}`);
  return {
    port,
    folder,
    command,
    async stop() {
      server.kill("SIGKILL");
      await server.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
