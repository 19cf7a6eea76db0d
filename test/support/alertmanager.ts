import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { freePort } from "./free_port.ts";

export const alertmanagerProgram = Bun.which("prometheus-alertmanager");
export const amtoolProgram = Bun.which("amtool");

export type RunningAlertmanager = {
  readonly url: string;
  readonly configFile: string;
  stop(): Promise<void>;
};

/** Debian's Alertmanager on a free port with its data in `folder`; resolves when it answers. */
export async function startAlertmanager(
  folder: string,
  config: unknown,
): Promise<RunningAlertmanager> {
  mkdirSync(folder, { recursive: true });
  const address = `127.0.0.1:${await freePort()}`;
  const configFile = join(folder, "alertmanager.yml");
  writeFileSync(configFile, stringify(config));
  const child = Bun.spawn(
    [
      alertmanagerProgram ?? "",
      `--config.file=${configFile}`,
      `--storage.path=${join(folder, "data")}`,
      `--web.listen-address=${address}`,
      "--cluster.listen-address=",
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
      if (log.includes(`address=${address}`)) ready.resolve();
    }
    ready.reject(new Error(`alertmanager ended: ${log}`));
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
  return { url: `http://${address}`, configFile, stop };
}
