import type { BigIntStats } from "node:fs";
import { loadedLibc } from "#shared/runtime/process/libc.ts";

/** lseek(2): the next byte that is not in a hole. */
const seekData = 3;
/** Holes begin and end at multiples of this, or of more. */
const blockBytes = 4_096;
/** A shorter hole is read. */
const holeMin = 1_048_576;

/** Whether a file has holes: fewer blocks than its size takes (stat(2) counts 512 bytes a block). */
export function hasHoles({ size, blocks }: BigIntStats): boolean {
  return size - blocks * 512n >= BigInt(holeMin);
}

/**
 * Where a hole at `offset` of an open file ends, rounded down to a block; undefined where there is none worth passing over, or the system
 * does not say. The descriptor's own position changes.
 */
export function holeEnd(descriptor: number, offset: number, size: number): number | undefined {
  const next = seek()?.(descriptor, BigInt(offset), seekData);
  if (next === undefined) return undefined;
  // ENXIO: a hole up to the end, since the offset is within the file.
  const end = next < 0n ? size : Number(next);
  const whole = end - (end % blockBytes);
  return whole - offset >= holeMin ? whole : undefined;
}

type Seek = (descriptor: number, offset: bigint, whence: number) => bigint;
let known: { readonly seek: Seek | undefined } | undefined;

function seek(): Seek | undefined {
  known ??= { seek: open() };
  return known.seek;
}

function open(): Seek | undefined {
  try {
    const library = loadedLibc({ lseek: { args: ["i32", "i64", "i32"], returns: "i64" } });
    return library?.symbols.lseek;
  } catch {
    return undefined;
  }
}
