import { readFileSync, readdirSync } from "node:fs";
import { OperatingError, messageOf } from "#shared/errors.ts";

// Synchronous on purpose: a procfs or sysfs file is answered from memory in 5 to 25 microseconds, an await through the
// thread pool costs several times that in CPU.

/** The whole of a small procfs or sysfs file. Throws OperatingError("unavailable"). */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new OperatingError("unavailable", `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** The whole of a file, or undefined where it is absent, forbidden, or answers with an error as sysfs attributes may. */
export function readTextIfReadable(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Like readTextIfReadable, without the spaces and the line end around the value. */
export function readAttribute(path: string): string | undefined {
  return readTextIfReadable(path)?.trim();
}

/** A decimal or 0x number, or undefined where the file cannot be read or holds none. */
export function readNumber(path: string): number | undefined {
  const text = readAttribute(path);
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}

/** Names in a directory, sorted; undefined where it cannot be read. */
export function listNames(path: string): string[] | undefined {
  try {
    return readdirSync(path).toSorted();
  } catch {
    return undefined;
  }
}

/** The words of a line. */
export function wordsOfLine(line: string): string[] {
  return line.trim().split(/\s+/);
}
