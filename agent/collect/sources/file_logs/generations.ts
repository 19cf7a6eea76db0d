import { closeSync, readSync, readdirSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { type Checkpoint, markBytes, markOf } from "./checkpoint.ts";
import { keyOf, openFile, statFile } from "./tail.ts";

/** In a folder with more names than this only those that begin like a watched file are looked at. */
const namesMax = 5_000;

export type Sibling = { readonly path: string; readonly key: string; readonly stat: BigIntStats };

/** Regular files of a folder by identity; undefined where the folder can't be read. */
export function listFolder(
  folder: string,
  watched: readonly string[],
): Map<string, Sibling> | undefined {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return undefined;
  }
  if (names.length > namesMax) {
    const stems = watched.map((path) => basename(path).split(".", 1)[0] ?? "");
    names = names.filter((name) => stems.some((stem) => name.startsWith(stem)));
  }
  const siblings = new Map<string, Sibling>();
  for (const name of names) {
    const path = join(folder, name);
    const stat = statFile(path);
    if (stat !== undefined) siblings.set(keyOf(stat), { path, key: keyOf(stat), stat });
  }
  return siblings;
}

const suffix = /^(?:[._-]\d[\w:.-]*|[._-](?:old|bak|prev))$/;

/**
 * Whether `path` is named as an older generation of `original`: app.log.1, app.log-20260131, app.log.old for app.log, or with
 * the number before the extension, app-2026-01-31.log, app.1.log.
 */
export function isGenerationName(path: string, original: string): boolean {
  if (path === original || dirname(path) !== dirname(original)) return false;
  const name = basename(path);
  const base = basename(original);
  if (name.startsWith(base)) return suffix.test(name.slice(base.length));
  const extension = extname(base);
  const stem = base.slice(0, base.length - extension.length);
  if (extension === "" || !name.startsWith(stem) || !name.endsWith(extension)) return false;
  return suffix.test(name.slice(stem.length, name.length - extension.length));
}

/** Whether the file at `path` has, right before the position, what was read there. True at position 0. */
export function continues(at: Checkpoint, path: string): boolean {
  const before = Math.min(markBytes, at.offset);
  const bytes = bytesAt(path, at.offset - before, before);
  return bytes?.length === before && markOf(bytes) === at.mark;
}

/**
 * Whether `sibling` was copied from the file that `at` tells of. A copy may be shorter than what was read, when the original
 * was written to and read on before it was truncated.
 */
export function isCopyOf(at: Checkpoint, sibling: Sibling): boolean {
  const size = Number(at.head.split(":", 1)[0]);
  if (!(size > 0)) return false;
  const head = bytesAt(sibling.path, 0, size);
  if (head?.length !== size || `${size}:${markOf(head)}` !== at.head) return false;
  return Number(sibling.stat.size) < at.offset || continues(at, sibling.path);
}

/** Whether `part` has what `whole` begins with, judged by both ends: it is a copy, or is becoming one. */
export function isPartOf(part: Sibling, whole: string): boolean {
  const size = Number(part.stat.size);
  const from = Math.max(0, size - markBytes);
  return sameAt(part.path, whole, 0, size) && sameAt(part.path, whole, from, size - from);
}

function sameAt(a: string, b: string, offset: number, size: number): boolean {
  const length = Math.min(size, markBytes);
  const [first, second] = [bytesAt(a, offset, length), bytesAt(b, offset, length)];
  return first?.length === length && second !== undefined && first.equals(second);
}

/** The mark of a position in a file, for a tail that begins there. */
export function markAt(path: string, offset: number): string {
  const before = Math.min(markBytes, offset);
  return markOf(bytesAt(path, offset - before, before) ?? new Uint8Array());
}

/** Up to `length` bytes; undefined where the file can't be read. */
export function bytesAt(path: string, offset: number, length: number): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openFile(path);
    if (descriptor === undefined) return undefined;
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset));
  } catch {
    // No permission, or gone in between: it can't be compared, so it does not match.
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
