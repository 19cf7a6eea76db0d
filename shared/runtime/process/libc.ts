import { type FFIFunction, dlopen } from "bun:ffi";
import { readFileSync } from "node:fs";

/**
 * Functions of the C library that this process has loaded, whichever that is; undefined where there is none to be found, as outside
 * Linux. Throws where it lacks one of them.
 */
export function loadedLibc<Functions extends Record<string, FFIFunction>>(functions: Functions) {
  if (process.platform !== "linux") return undefined;
  const maps = readFileSync("/proc/self/maps", "utf8");
  // The path is the last field (proc_pid_maps(5)).
  const path = /\s(\/\S*\/(?:libc[.-]|ld-musl)[^/\s]*)$/m.exec(maps)?.[1];
  return path === undefined ? undefined : dlopen(path, functions);
}
