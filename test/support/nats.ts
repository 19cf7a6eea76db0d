import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

/** A real nats-server with JetStream in a folder of its own, on an ephemeral port that it keeps over restarts. */
export type NatsServer = {
  /** nats://127.0.0.1:port */
  readonly url: string;
  readonly port: number;
  /** For certificates and the like; removed with the server. */
  readonly folder: string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again after kill(); resolves when it answers. */
  start(): Promise<void>;
  /** Removes everything that JetStream has stored. */
  removeData(): Promise<void>;
  /** Kills it and removes its folder. */
  stop(): Promise<void>;
};

const PortsText = z.object({ nats: z.array(z.string()).min(1) });
const startMaxMs = 15_000;

/** Where nats-server is, or undefined: then tests that need it are skipped. */
export const natsServerPath = Bun.which("nats-server") ?? undefined;

/** `extra` is configuration in NATS's own format, e.g. `authorization { token: "x" }`; it is made for the server's folder. */
export async function startNats(
  extra: (folder: string) => Promise<string> | string = () => "",
): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-nats-"));
  const more = await extra(folder);
  let child = await spawn(folder, -1, more);
  const port = await portOf(folder, child);
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    folder,
    kill,
    start: async () => {
      child = await spawn(folder, port, more);
      await portOf(folder, child);
    },
    removeData: () => rm(join(folder, "data"), { recursive: true, force: true }),
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function spawn(folder: string, port: number, extra: string): Promise<Bun.Subprocess> {
  if (natsServerPath === undefined) throw new Error("nats-server is not on PATH");
  await rm(join(folder, "ports"), { recursive: true, force: true });
  await mkdir(join(folder, "ports"), { recursive: true });
  await writeFile(
    join(folder, "nats.conf"),
    `listen: "127.0.0.1:${port}"
ports_file_dir: "${join(folder, "ports")}"
jetstream { store_dir: "${join(folder, "data")}", max_mem: 64MB, max_file: 4GB }
${extra}
`,
  );
  const log = Bun.file(join(folder, "nats.log"));
  return Bun.spawn([natsServerPath, "-c", join(folder, "nats.conf")], {
    stdout: "ignore",
    stderr: log,
  });
}

/** The server writes the file when it listens. */
async function portOf(folder: string, child: Bun.Subprocess): Promise<number> {
  const deadline = performance.now() + startMaxMs;
  while (performance.now() < deadline && child.exitCode === null) {
    const names = await readdir(join(folder, "ports"));
    const name = names.find((one) => one.endsWith(".ports"));
    const text = name === undefined ? "" : await readFile(join(folder, "ports", name), "utf8");
    if (text.endsWith("}")) {
      const [url = ""] = PortsText.parse(JSON.parse(text)).nats;
      return Number(new URL(url).port);
    }
    await Bun.sleep(20);
  }
  const log = join(folder, "nats.log");
  const told = existsSync(log) ? await readFile(log, "utf8") : "";
  throw new Error(`nats-server did not start: ${told.slice(-2_000)}`);
}
