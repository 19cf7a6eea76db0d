import { realpathSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { messageOf } from "#shared/errors.ts";
import { keyOf, statFile } from "./tail.ts";

export type MatchedFile = {
  readonly path: string;
  /** With links resolved. */
  readonly real: string;
  readonly key: string;
  readonly stat: BigIntStats;
  /** The pattern that found it. */
  readonly pattern: string;
};

export type Matches = {
  /** By identity: a file that several paths lead to is one. */
  readonly files: ReadonlyMap<string, MatchedFile>;
  /** What kept a folder from being read. */
  readonly problem: string | undefined;
};

const magic = /[*?[\]{}!]/;

/**
 * The files that the patterns name now, except those that `isExcluded`. `before` is what the last call found: links are resolved
 * only for files that it does not have, which halves the cost of a scan.
 */
export function matchFiles(
  patterns: readonly string[],
  isExcluded: (path: string) => boolean,
  before: ReadonlyMap<string, MatchedFile>,
): Matches {
  const files = new Map<string, MatchedFile>();
  let problem: string | undefined;
  for (const pattern of patterns) {
    let paths: string[] = [];
    try {
      paths = expand(pattern);
    } catch (thrown) {
      problem ??= `can't list ${pattern}: ${messageOf(thrown)}`;
    }
    for (const path of paths) {
      if (isExcluded(path)) continue;
      const stat = statFile(path);
      if (stat === undefined) {
        // A glob writes U+FFFD for bytes that are no UTF-8, and no path leads there.
        if (path.includes("\ufffd"))
          problem ??= `can't read ${path}: its name is not UTF-8, rename it`;
        continue;
      }
      const key = keyOf(stat);
      if (files.has(key)) continue;
      const last = before.get(key);
      const real = last?.path === path ? last.real : realPath(path);
      if (real !== undefined) files.set(key, { path, real, key, stat, pattern });
    }
  }
  return { files, problem };
}

function expand(pattern: string): string[] {
  if (!magic.test(pattern)) return [pattern];
  const fixed = pattern.slice(0, pattern.search(magic));
  const slash = fixed.lastIndexOf("/");
  const cwd = slash <= 0 ? "/" : fixed.slice(0, slash);
  if (realPath(cwd) === undefined) return [];
  const glob = new Bun.Glob(pattern.slice(slash + 1));
  const found = glob.scanSync({ cwd, absolute: true, dot: true, followSymlinks: true });
  return [...found].toSorted();
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Whether any of the globs matches the path. */
export function anyGlob(patterns: readonly string[]): (path: string) => boolean {
  const globs = patterns.map((pattern) => new Bun.Glob(pattern));
  return (path) => globs.some((glob) => glob.match(path));
}
