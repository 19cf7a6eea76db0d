/**
 * Which files type-aware lint must look at again. What it says of a file depends on the file and on all that it imports, so a change
 * concerns the file and those that reach it by imports. Files that passed are remembered by their checksums.
 */
import { dirname, join, normalize } from "node:path";

/** Path of a source file, and its text. */
export type Sources = ReadonlyMap<string, string>;

/** `key`: checksum of everything else that lint depends on, such as its configuration. */
export type LintMemory = {
  readonly key: string;
  readonly passed: Readonly<Record<string, string>>;
};

const imports =
  /(?:^|\s|;)(?:import|export)[^"';]*?from\s*"([^"]+)"|import\("([^"]+)"\)|^import\s+"([^"]+)"/gm;

export function checksumOf(text: string): string {
  return Bun.hash(text).toString(36);
}

/** Files to lint, sorted: those that changed since they passed, and all that import them, however far away. */
export function filesToLint(
  sources: Sources,
  memory: LintMemory | undefined,
  key: string,
): string[] {
  if (memory?.key !== key) return [...sources.keys()].toSorted();
  const importers = importersOf(sources);
  const wanted = new Set<string>();
  const waiting: string[] = [];
  for (const [path, text] of sources)
    if (memory.passed[path] !== checksumOf(text)) waiting.push(path);
  // What was deleted concerns those that imported it.
  for (const path of Object.keys(memory.passed)) if (!sources.has(path)) waiting.push(path);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (wanted.has(path)) continue;
    wanted.add(path);
    waiting.push(...(importers.get(path) ?? []));
  }
  return [...wanted].filter((path) => sources.has(path)).toSorted();
}

/** To be kept once all files passed. */
export function memoryOf(sources: Sources, key: string): LintMemory {
  const passed = [...sources].map(([path, text]) => [path, checksumOf(text)] as const);
  return { key, passed: Object.fromEntries(passed) };
}

function importersOf(sources: Sources): Map<string, string[]> {
  const importers = new Map<string, string[]>();
  for (const [path, text] of sources) {
    for (const [, from, dynamic, bare] of text.matchAll(imports)) {
      const specifier = from ?? dynamic ?? bare ?? "";
      const isOurs = specifier.startsWith("#") || specifier.startsWith(".");
      if (!isOurs) continue;
      const target = specifier.startsWith("#")
        ? specifier.slice(1)
        : normalize(join(dirname(path), specifier));
      const known = importers.get(target);
      if (known === undefined) importers.set(target, [path]);
      else known.push(path);
    }
  }
  return importers;
}
