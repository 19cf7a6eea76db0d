import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./free_port.ts";

/** Undefined where it is not installed. */
export const blackboxExporterPath =
  Bun.which("prometheus-blackbox-exporter") ?? Bun.which("blackbox_exporter") ?? undefined;

/** A blackbox exporter of its own process, to compare with. */
export class BlackboxExporter {
  readonly url: string;
  readonly process: Bun.Subprocess;

  private constructor(url: string, child: Bun.Subprocess) {
    this.url = url;
    this.process = child;
  }

  /** Starts it with `modules` (the text of a blackbox.yml) and waits until it answers. */
  static async start(folder: string, modules: string): Promise<BlackboxExporter> {
    const file = join(folder, "blackbox.yml");
    writeFileSync(file, modules);
    const address = `127.0.0.1:${await freePort()}`;
    const child = Bun.spawn(
      [blackboxExporterPath ?? "", `--config.file=${file}`, `--web.listen-address=${address}`],
      { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
    );
    const url = `http://${address}`;
    for (let tries = 0; tries < 200; tries++) {
      try {
        if ((await fetch(`${url}/-/healthy`)).ok) return new BlackboxExporter(url, child);
      } catch {
        // Not yet.
      }
      await Bun.sleep(25);
    }
    child.kill();
    throw new Error("the blackbox exporter does not answer");
  }

  async stop(): Promise<void> {
    this.process.kill();
    await this.process.exited;
  }
}
