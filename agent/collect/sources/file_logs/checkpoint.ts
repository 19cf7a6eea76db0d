import { z } from "zod";

/** How much of a file's front, and of what lies before a position, tells one content from another. */
export const markBytes = 256;

const Stored = z.lazy(() =>
  z.strictObject({
    path: z.string(),
    real: z.string().optional(),
    offset: z.number().int().nonnegative(),
    mark: z.string(),
    head: z.string(),
    mtime: z.string(),
    skipping: z.boolean().optional(),
  }),
);

/**
 * The stored position in one file. Its key is "device:inode"; because inodes are used again, and because a copy has another,
 * two hashes tell whether a file still is, or continues, what was read.
 */
export type Checkpoint = {
  /** The path that the file had when it was first seen; label `filename`. */
  readonly path: string;
  /** The same with links resolved: rotated generations lie beside it. */
  readonly real: string;
  /** Bytes up to here are in durable batches. */
  readonly offset: number;
  /** markOf() of the up to 256 bytes before `offset`. */
  readonly mark: string;
  /** "<n>:<markOf>" of the first n bytes, n up to 256. */
  readonly head: string;
  /** Time of the last change that was seen, in ns. */
  readonly mtimeNs: bigint;
  /** The position is inside a line that was cut; what is left of it is not a line. */
  readonly skipping: boolean;
};

export function writeCheckpoint(checkpoint: Checkpoint): string {
  const { path, real, offset, mark, head, mtimeNs, skipping } = checkpoint;
  return JSON.stringify({
    path,
    ...(real === path ? {} : { real }),
    offset,
    mark,
    head,
    mtime: mtimeNs.toString(),
    ...(skipping ? { skipping } : {}),
  });
}

/** undefined for a value that this version can't read. */
export function readCheckpoint(value: string): Checkpoint | undefined {
  const parsed = Stored.safeParse(parseJson(value));
  if (!parsed.success || !/^\d+$/.test(parsed.data.mtime)) return undefined;
  const { path, real = path, offset, mark, head, mtime, skipping = false } = parsed.data;
  return { path, real, offset, mark, head, mtimeNs: BigInt(mtime), skipping };
}

/** A short text that stands for the bytes. */
export function markOf(bytes: Uint8Array): string {
  return Bun.hash.xxHash64(bytes).toString(36);
}

/** The front of a file, of up to markBytes, as a checkpoint holds it. */
export function headOf(bytes: Uint8Array): string {
  return `${bytes.length}:${markOf(bytes)}`;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
