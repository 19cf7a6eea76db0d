import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { OperatingError, messageOf } from "#shared/errors.ts";

/**
 * Writes a file whole or not at all, never readable by others, and so that it is still there after a power cut. Throws OperatingError
 * "no_space".
 */
export async function writePrivate(path: string, text: string): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  try {
    const file = await open(fresh, "w", 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
    // The new name, too.
    const folder = await open(dirname(path), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (cause) {
    throw new OperatingError("no_space", `${path} can't be written: ${messageOf(cause)}`, {
      cause,
    });
  } finally {
    await rm(fresh, { force: true });
  }
}
