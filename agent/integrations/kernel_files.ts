import { readFileSync } from "node:fs";

// Read synchronously: procfs and cgroups answer from memory, and an await costs several times that in CPU.

/** The number after `key` at the start of a line ("VmSwap:\t  12 kB"), or undefined. */
export function numberAfter(text: string, key: string): number | undefined {
  let at = text.startsWith(key) ? 0 : text.indexOf(`\n${key}`);
  if (at === -1) return undefined;
  if (at > 0) at += 1;
  const value = Number.parseInt(text.slice(at + key.length, at + key.length + 32), 10);
  return Number.isNaN(value) ? undefined : value;
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
