import { existsSync } from "node:fs";

/** Files that a pattern stands for, sorted; a name without one stands for itself, whether there is a file or not. */
export function filesOf(pattern: string): string[] {
  if (existsSync(pattern) || !/[*?[{]/.test(pattern)) return [pattern];
  return [...new Bun.Glob(pattern).scanSync({ absolute: pattern.startsWith("/") })].toSorted();
}
