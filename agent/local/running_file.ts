import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const Running = z.object({ url: z.url({ protocol: /^http$/ }) });

/** Tells commands on this host where the agent of this folder listens. A crash leaves the file; whoever reads it asks there. */
export class RunningFile {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, "running.json");
  }

  /** Throws what the disk throws. */
  async write(url: string): Promise<void> {
    await writeFile(`${this.#path}.new`, `${JSON.stringify({ url })}\n`);
    await rename(`${this.#path}.new`, this.#path);
  }

  /** undefined where there is none that can be read. */
  async read(): Promise<string | undefined> {
    try {
      return Running.parse(JSON.parse(await readFile(this.#path, "utf8"))).url;
    } catch {
      return undefined;
    }
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
