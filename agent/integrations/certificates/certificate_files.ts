import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "#shared/errors.ts";
import type { CertificatesConfig } from "./config.ts";

/** Files that are read out of a folder. */
const usualEnding = /\.(pem|crt|cer|cert|der|p12|pfx)$/i;

export type FoundFile = {
  readonly path: string;
  /** Named by itself: that there is no certificate in it is an error. A key in a folder is none. */
  readonly isNamed: boolean;
};

/** Files of all paths, sorted, each once; problems of paths that are not there. */
export function findFiles({ paths, exclude }: CertificatesConfig): {
  files: FoundFile[];
  problems: string[];
} {
  const found = new Map<string, FoundFile>();
  const problems: string[] = [];
  const add = (path: string, isNamed: boolean) => {
    if (found.get(path)?.isNamed !== true) found.set(path, { path, isNamed });
  };
  for (const path of paths)
    try {
      if (/[*?[{]/.test(path)) for (const each of matching(path)) add(each, false);
      else if (statSync(path).isDirectory())
        for (const name of readdirSync(path)) {
          if (usualEnding.test(name)) add(join(path, name), false);
        }
      else add(path, true);
    } catch (thrown) {
      problems.push(messageOf(thrown));
    }
  const left = exclude.map((pattern) => new Bun.Glob(pattern));
  const files = [...found.values()].filter(({ path }) => !left.some((glob) => glob.match(path)));
  return { files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), problems };
}

function matching(pattern: string): Iterable<string> {
  const options = { absolute: true, cwd: "/", dot: true, followSymlinks: true, onlyFiles: false };
  return new Bun.Glob(pattern).scanSync(options);
}
