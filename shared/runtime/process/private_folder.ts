import { chmod, lstat, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Only the user of this process may read or write. */
const folderMode = 0o700;
const fileMode = 0o600;
const othersMask = 0o077;

/** Makes all files and folders that this process creates from now on its user's alone. For programs, at their start. */
export function createPrivateFiles(): void {
  process.umask(othersMask);
}

/**
 * Makes a folder that others can't enter, and takes what lies there away from them: older versions left it to the umask. A folder that is
 * closed already is left as it is. Killed in the middle, the next start does it again: the folder itself comes last.
 */
export async function closeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: folderMode });
  if (((await lstat(folder)).mode & othersMask) === 0) return;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await closeEntry(path, folderMode);
    else if (entry.isFile()) await closeEntry(path, fileMode);
  }
  await chmod(folder, folderMode);
}

/** What agents and aggregators make in a data directory. */
const ownNames = new Set(["agent", "aggregator"]);

/** The data directory itself, unless it has other contents, or belongs to another user. */
export async function closeDataFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: folderMode });
  const { mode, uid } = await lstat(folder);
  if ((mode & othersMask) === 0 || uid !== process.getuid?.()) return;
  const names = await readdir(folder);
  if (names.every((name) => ownNames.has(name))) await chmod(folder, folderMode);
}

/** Programs stay programs. A file may go while the list is read. */
async function closeEntry(path: string, mode: number): Promise<void> {
  try {
    const { mode: before } = await lstat(path);
    if ((before & othersMask) !== 0) await chmod(path, mode | (before & 0o100));
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT")) throw thrown;
  }
}
