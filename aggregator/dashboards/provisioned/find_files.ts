import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";

/** A file that may be a dashboard. */
export type FoundFile = {
  /** Below the folder, with "/". */
  readonly path: string;
  readonly real: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  /** Changes with what it holds, as far as the file system tells. */
  readonly stamp: string;
};

const filesMax = 2_000;
const depthMax = 8;

/**
 * All *.json, *.yaml and *.yml below a folder, by path. What is hidden is left out, and so is a link that leads out of it; a link to
 * a folder isn't followed. Throws what the file system says of the folder itself.
 */
export async function findFiles(
  folder: string,
): Promise<{ readonly files: FoundFile[]; readonly isCut: boolean }> {
  const root = await realpath(folder);
  const files: FoundFile[] = [];
  const wait: { path: string; depth: number }[] = [{ path: "", depth: 0 }];
  for (let next = wait.shift(); next !== undefined; next = wait.shift()) {
    const entries = await entriesOf(join(root, next.path), next.depth === 0);
    for (const entry of entries) {
      const path = next.path === "" ? entry.name : `${next.path}/${entry.name}`;
      if (entry.isDirectory() && next.depth < depthMax) wait.push({ path, depth: next.depth + 1 });
      if (!/\.(?:json|ya?ml)$/i.test(entry.name)) continue;
      if (!entry.isFile() && !entry.isSymbolicLink()) continue;
      const found = await foundFile(root, path);
      if (found === undefined) continue;
      if (files.length >= filesMax) return { files: inOrder(files), isCut: true };
      files.push(found);
    }
  }
  return { files: inOrder(files), isCut: false };
}

function inOrder(files: readonly FoundFile[]): FoundFile[] {
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** A folder that goes while it is read has nothing; only of the first one it counts. */
async function entriesOf(path: string, isRoot: boolean): Promise<Dirent[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter(({ name }) => !name.startsWith("."))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (thrown) {
    if (isRoot) throw thrown;
    return [];
  }
}

/** undefined where it is gone, no file, or outside. */
async function foundFile(root: string, path: string): Promise<FoundFile | undefined> {
  try {
    const real = await realpath(join(root, path));
    if (!real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)) return undefined;
    const of = await stat(real);
    if (!of.isFile()) return undefined;
    const stamp = `${real} ${of.ino} ${of.size} ${of.mtimeMs} ${of.ctimeMs}`;
    return { path, real, bytes: of.size, modifiedMs: Math.round(of.mtimeMs), stamp };
  } catch {
    return undefined;
  }
}
