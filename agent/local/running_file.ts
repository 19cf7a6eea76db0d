import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import type { Logger } from "#shared/runtime/log.ts";

const Running = z.object({ url: z.url({ protocol: /^http$/ }) });

/** Tells commands on this host where the agent of this folder listens. A crash leaves the file; whoever reads it asks there. */
export class RunningFile {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, "running.json");
  }

  /** A disk that refuses is no reason not to start. */
  async write(url: string, log: Logger): Promise<void> {
    try {
      await writeFile(`${this.#path}.new`, `${JSON.stringify({ url })}\n`);
      await rename(`${this.#path}.new`, this.#path);
    } catch (thrown) {
      log.warn("commands on this host look for the agent at its configured address only", {
        error: messageOf(thrown),
      });
    }
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
