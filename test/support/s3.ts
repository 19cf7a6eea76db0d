import { existsSync, mkdirSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort } from "./free_port.ts";

export type S3Server = {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The server's own folder with the objects. */
  readonly folder: string;
  stop(): Promise<void>;
  /** The same server again, on the same port and folder. */
  start(): Promise<void>;
};

const program = resolve(import.meta.dir, "../../node_modules/s3rver/bin/s3rver.js");

/** Why there can be no S3 server here, or undefined. */
export const s3Missing =
  existsSync(program) && Bun.which("node") !== null ? undefined : "s3rver or node is not installed";

/** A real S3 server (s3rver) as a process of its own, on a free port, with one empty bucket. */
export async function startS3(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-s3-"));
  const bucket = "blocks";
  mkdirSync(join(folder, bucket));
  const port = await freePort();
  const command = ["node", program, "-d", folder, "-a", "127.0.0.1", "-p", String(port)];
  command.push("--configure-bucket", bucket, "--no-vhost-buckets");
  const endpoint = `http://127.0.0.1:${port}`;
  let server: Bun.Subprocess | undefined;
  const start = async () => {
    const started = Bun.spawn(command, { stdout: "ignore", stderr: "ignore" });
    server = started;
    while (started.exitCode === null) {
      if (
        await fetch(endpoint).then(
          () => true,
          () => false,
        )
      )
        return;
      await Bun.sleep(20);
    }
    throw new Error(`s3rver ended with ${started.exitCode}`);
  };
  const stop = async () => {
    server?.kill("SIGKILL");
    await server?.exited;
  };
  await start();
  return {
    endpoint,
    bucket,
    folder,
    accessKeyId: "S3RVER",
    secretAccessKey: "S3RVER",
    start,
    stop: async () => {
      await stop();
    },
  };
}

/** Stops the server and removes what it stored. */
export async function removeS3(server: S3Server): Promise<void> {
  await server.stop();
  rmSync(server.folder, { recursive: true, force: true });
}
