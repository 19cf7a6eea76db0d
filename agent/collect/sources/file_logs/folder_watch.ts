import { statSync } from "node:fs";
import { dirname } from "node:path";
import { type Sibling, listFolder } from "./generations.ts";
import type { Tail } from "./tail.ts";

/** A change so close to the listing may have come after it within one tick of the file system's clock. */
const tickNs = 100_000_000n;

/**
 * Which folders had names added or removed. Their time of change is polled: a watch by inotify on a folder of logs would
 * wake us for every write, and does not exist on network file systems.
 */
export class FolderWatch {
  readonly #listed = new Map<string, { changedNs: bigint; listedNs: bigint }>();

  /** The folders that changed since they were last listed, with their files; undefined for one that can't be listed. */
  changed(
    folders: ReadonlySet<string>,
    tails: readonly Tail[],
  ): Map<string, Map<string, Sibling> | undefined> {
    const changed = new Map<string, Map<string, Sibling> | undefined>();
    for (const folder of this.#listed.keys()) if (!folders.has(folder)) this.#listed.delete(folder);
    for (const folder of folders) {
      const changedNs = timeOfChange(folder);
      const last = this.#listed.get(folder);
      if (changedNs !== undefined && last?.changedNs === changedNs)
        if (last.listedNs - changedNs > tickNs) continue;
      const watched = tails.map((tail) => tail.at.real).filter((path) => dirname(path) === folder);
      const listedNs = BigInt(Date.now()) * 1_000_000n;
      const siblings = changedNs === undefined ? undefined : listFolder(folder, watched);
      changed.set(folder, siblings);
      if (siblings === undefined || changedNs === undefined) this.#listed.delete(folder);
      else this.#listed.set(folder, { changedNs, listedNs });
    }
    return changed;
  }

  /** Makes the next changed() list the folder in any case. */
  listAgain(folder: string): void {
    const last = this.#listed.get(folder);
    if (last !== undefined) this.#listed.set(folder, { ...last, changedNs: 0n });
  }

  /** Whether the last attempt to list the folder succeeded. */
  isListed(folder: string): boolean {
    return this.#listed.has(folder);
  }
}

function timeOfChange(folder: string): bigint | undefined {
  try {
    return statSync(folder, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
  } catch {
    // A folder above it can't be entered: the same as not there.
    return undefined;
  }
}
