import { createHash } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { OperatingError } from "#shared/errors.ts";
import { pinnedCommit, pinnedFiles } from "./promql_pins.ts";

type PinnedFiles = typeof pinnedFiles;

/** Where fetched scripts are kept: one folder a commit, so that a new pin never mixes with an old one. */
export const scriptsFolder = join(
  import.meta.dir,
  "../../.cache/conformance",
  `promql-${pinnedCommit.slice(0, 12)}`,
);

const timeoutMs = 60_000;
/** Files under way at once. */
const parallelMax = 4;

/**
 * Downloads the pinned files from `home` into `folder`, which appears complete or not at all. Throws
 * OperatingError("unavailable") when a download fails and OperatingError("corrupt") when a checksum differs.
 */
export async function fetchScripts(
  home: string,
  folder: string = scriptsFolder,
  files: PinnedFiles = pinnedFiles,
): Promise<void> {
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    const waiting = [...files];
    const work = async (): Promise<void> => {
      try {
        for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
          await Bun.write(join(unfinished, basename(file.path)), await download(home, file));
      } catch (thrown) {
        waiting.length = 0;
        throw thrown;
      }
    };
    const works = Array.from({ length: parallelMax }, work);
    // What is still written must be there before the folder goes.
    await Promise.allSettled(works);
    await Promise.all(works);
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function download(home: string, { path, sha256 }: PinnedFiles[number]): Promise<Uint8Array> {
  const url = `${home}/${path}`;
  let bytes: Uint8Array;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    bytes = await response.bytes();
  } catch (cause) {
    throw new OperatingError("unavailable", `cannot download ${url}`, { cause });
  }
  const got = createHash("sha256").update(bytes).digest("hex");
  if (got !== sha256)
    throw new OperatingError("corrupt", `${url} has SHA-256 ${got}, expected ${sha256}`);
  return bytes;
}
