import { backup } from "./backup.ts";
import type { BackupTools } from "../blocks/deps.ts";
import { fileObjectStore } from "../objects/object_store_file.ts";

/** Backups of a running store in a folder of this host, as `lapwing storage restore --from` reads them. */
export class Snapshots {
  readonly #tools: BackupTools;
  readonly #folder: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(tools: BackupTools, folder: string) {
    this.#tools = tools;
    this.#folder = folder;
  }

  /** Copies the catalog as it is and the blocks that no earlier snapshot has copied; gives the snapshot's name. */
  take(): Promise<string> {
    // One after the other: two at once would copy the same blocks.
    const taken = this.#last.then(() => backup(this.#tools, fileObjectStore(this.#folder)));
    this.#last = taken.catch(() => {});
    return taken.then(({ name }) => name);
  }
}
