import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, readdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import type { Artifact } from "#proto/update/manifest.ts";
import { chunkBytesMax } from "#proto/update/wire.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";

/** Gives the piece of a compressed program at an offset; an empty one at its end. Throws where it can't be had now. */
export type AskChunk = (sha256: string, offset: number) => Promise<Uint8Array>;

/** What a host's disk keeps free: the spool's room is its own. */
const slackBytes = 128 * 1_024 * 1_024;

/**
 * Brings a program into `folder`, and gives its path; what it is is not known yet. Goes on where an earlier attempt ended. Throws
 * OperatingError "no_space" before anything is written, and "corrupt" for what is not of the length that was told.
 */
export async function download(
  folder: string,
  artifact: Artifact,
  transferBytes: number,
  ask: AskChunk,
  signal: AbortSignal,
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const part = join(folder, `${artifact.sha256}.zst`);
  for (const name of await readdir(folder))
    if (join(folder, name) !== part) await rm(join(folder, name), { recursive: true, force: true });
  await checkSpace(folder, artifact.size + transferBytes);
  await fetchAll(part, artifact.sha256, transferBytes, ask, signal);
  const program = join(folder, "program");
  try {
    await unpack(part, program, artifact.size);
  } catch (cause) {
    // What was brought is of no use: the next attempt begins anew.
    await rm(part, { force: true });
    const message = `the program can't be unpacked: ${messageOf(cause)}`;
    throw new OperatingError("corrupt", message, { cause });
  }
  await rm(part, { force: true });
  return program;
}

async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes + slackBytes) return;
  const needed = `${bytes} and ${slackBytes} more`;
  throw new OperatingError("no_space", `${folder} has ${free} bytes free, expected ${needed}`);
}

async function fetchAll(
  part: string,
  sha256: string,
  bytes: number,
  ask: AskChunk,
  signal: AbortSignal,
): Promise<void> {
  const known = await stat(part).catch(() => undefined);
  const file = await open(part, "a", 0o600);
  try {
    let offset = known?.size ?? 0;
    while (offset < bytes) {
      if (signal.aborted) throw new OperatingError("cancelled", "the connection ended");
      const chunk = await ask(sha256, offset);
      if (chunk.length === 0 || chunk.length > chunkBytesMax || offset + chunk.length > bytes)
        throw new OperatingError("corrupt", `${bytes} bytes were told, and others came`);
      await file.appendFile(chunk);
      offset += chunk.length;
    }
  } finally {
    await file.close();
  }
}

/** No more than `bytes` are written, whatever the compressed file would become. */
async function unpack(part: string, program: string, bytes: number): Promise<void> {
  let written = 0;
  const limit = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      written += chunk.length;
      if (written > bytes) done(new Error(`it has more than the ${bytes} bytes that were told`));
      else done(null, chunk);
    },
  });
  const target = createWriteStream(program, { mode: 0o600 });
  await pipeline(createReadStream(part), createZstdDecompress(), limit, target);
  const file = await open(program, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
