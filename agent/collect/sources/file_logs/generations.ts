import { closeSync, readSync, readdirSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { type Checkpoint, headOf, markBytes, markOf } from "./checkpoint.ts";
import { type Tail, keyOf, openFile, statFile } from "./tail.ts";

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

/** Whether the file is still where it was listed; what was read under its path is worth nothing otherwise. */
export function isInPlace({ path, key }: Sibling): boolean {
  const stat = statFile(path);
  return stat !== undefined && keyOf(stat) === key;
}

/**
 * Whether `sibling` was copied from the file that `tail` has read. A copy may be shorter than what was read, when the original
 * was written to and read on before it was truncated.
 */
export function isCopyOf(tail: Tail, sibling: Sibling): boolean {
  const size = Number(sibling.stat.size);
  const known = tail.front?.length ?? Number(tail.at.head.split(":", 1)[0]);
  // A copy of less than the head can be judged only by the bytes that the head stands for.
  const length = tail.front === undefined ? known : Math.min(known, size);
  const head = bytesAt(sibling.path, 0, length);
  if (!(length > 0) || head?.length !== length) return false;
  const isAlike =
    tail.front === undefined
      ? headOf(head) === tail.at.head
      : head.equals(tail.front.subarray(0, length));
  return isAlike && (size < tail.at.offset || continues(tail.at, sibling.path));
}

/** The bytes that the tail's head stands for, if the file at `path` has them. */
export function frontOf(tail: Tail, path: string): Buffer | undefined {
  const front = bytesAt(path, 0, Number(tail.at.head.split(":", 1)[0]));
  return front !== undefined && headOf(front) === tail.at.head ? front : undefined;
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

/** The head of a file of which `offset` bytes are passed over. */
export function headAt(path: string, offset: number): string {
  return headOf(bytesAt(path, 0, Math.min(markBytes, offset)) ?? new Uint8Array());
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
