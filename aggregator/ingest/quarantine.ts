import { mkdir, readdir, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "#shared/errors.ts";
import type { Logger } from "#shared/runtime/log.ts";

const filesMax = 1_000;

/** Frames that can't be used, as files `<time>-<fault>.frame`, for a person or a newer version to look at. Bounded. */
export class Quarantine {
  readonly #folder: string;
  readonly #bytesMax: number;
  readonly #log: Logger;
  #files: { readonly path: string; readonly bytes: number }[] = [];
  #count = 0;

  private constructor(folder: string, bytesMax: number, log: Logger) {
    this.#folder = folder;
    this.#bytesMax = bytesMax;
    this.#log = log;
  }

  static async open(folder: string, bytesMax: number, log: Logger): Promise<Quarantine> {
    await mkdir(folder, { recursive: true });
    const quarantine = new Quarantine(folder, bytesMax, log);
    for (const name of (await readdir(folder)).toSorted()) {
      const path = join(folder, name);
      quarantine.#files.push({ path, bytes: (await stat(path)).size });
    }
    return quarantine;
  }

  /** A disk that refuses costs the copy, not the process: the frame is still in its agent's spool. */
  async add(bytes: Uint8Array, fault: string, nowMs: number): Promise<void> {
    const name = `${nowMs}-${String(this.#count++).padStart(6, "0")}-${fault}.frame`;
    const path = join(this.#folder, name);
    try {
      await writeFile(path, bytes);
      this.#files.push({ path, bytes: bytes.length });
      await this.#trim();
    } catch (thrown) {
      this.#log.error("frame could not be set aside", { path, error: messageOf(thrown) });
    }
  }

  async #trim(): Promise<void> {
    let total = this.#files.reduce((sum, file) => sum + file.bytes, 0);
    while (total > this.#bytesMax || this.#files.length > filesMax) {
      const oldest = this.#files.shift();
      if (oldest === undefined) return;
      total -= oldest.bytes;
      await unlink(oldest.path);
    }
  }
}
