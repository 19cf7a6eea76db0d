import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { freePort } from "./free_port.ts";

export const prometheusProgram = Bun.which("prometheus");

export type RunningPrometheus = { readonly url: string; stop(): Promise<void> };

/** Debian's Prometheus on a free port with its data in `folder`; resolves when it answers. */
export async function startPrometheus(
  folder: string,
  config:
    | Readonly<Record<string, unknown>>
    | ((ownAddress: string) => Readonly<Record<string, unknown>>),
  flags: readonly string[] = [],
): Promise<RunningPrometheus> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const file = join(folder, "prometheus.yml");
  writeFileSync(file, stringify(typeof config === "function" ? config(address) : config));
  const child = Bun.spawn(
    [
      prometheusProgram ?? "",
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, "tsdb")}`,
      `--web.listen-address=${address}`,
      ...flags,
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "pipe" },
  );
  const ready = Promise.withResolvers<void>();
  // Read to the end: the program dies of a closed pipe.
  const drained = (async () => {
    const decoder = new TextDecoder();
    let log = "";
    for await (const chunk of child.stderr) {
      log = (log + decoder.decode(chunk, { stream: true })).slice(-16_384);
      if (log.includes("Server is ready to receive web requests")) ready.resolve();
    }
    ready.reject(new Error(`prometheus ended: ${log}`));
  })();
  const stop = async () => {
    child.kill("SIGKILL");
    await child.exited;
    await drained.catch(() => {});
  };
  try {
    await ready.promise;
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { url: `http://${address}`, stop };
}
