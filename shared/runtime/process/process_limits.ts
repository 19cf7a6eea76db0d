import { ptr } from "bun:ffi";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { loadedLibc } from "./libc.ts";

/** Of <sys/resource.h> and <sys/prctl.h> on Linux. */
const rlimits = { fileSize: 1, dataBytes: 2, coreBytes: 4 } as const;
const setParentDeathSignal = 1;
/** The first process that the kernel ends when the machine's memory runs out. */
const firstToEnd = "1000";
/** The process that started it gets about nine times its CPU time where both want some. */
const niceness = 10;

/** What a process takes before it has anything to do. */
export type StartMemory = { readonly dataBytes: number; readonly rssBytes: number };

/**
 * Ties the process to its parent and keeps it from harm: it ends with the parent, writes no file and no core dump, and goes first when the
 * machine's memory runs out. Each is left out where the system does not have it.
 */
export function confine(parent: number): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", firstToEnd);
  } catch {
    // Not Linux.
  }
  const libc = library();
  libc?.symbols.prctl(setParentDeathSignal, BigInt(constants.signals.SIGKILL), 0n, 0n, 0n);
  // The parent may have ended before the signal was asked for.
  if (process.ppid !== parent) process.exit(0);
  setLimit(libc, rlimits.fileSize, 0);
  setLimit(libc, rlimits.coreBytes, 0);
}

/** Gives way to others; once all is loaded, which a query may wait for. Threads that are made later inherit it. */
export function giveWay(): void {
  try {
    for (const thread of readdirSync("/proc/self/task")) setPriority(Number(thread), niceness);
  } catch {
    // Not Linux, or a thread that has just ended.
  }
}

/**
 * Lets the process have so many bytes of private memory more than now; an allocation beyond fails. False where the system has no such
 * limit.
 */
export function limitMemory({ dataBytes }: StartMemory, moreBytes: number): boolean {
  return dataBytes > 0 && setLimit(library(), rlimits.dataBytes, dataBytes + moreBytes);
}

export function memoryNow(): StartMemory {
  const rssBytes = process.memoryUsage.rss();
  try {
    const kilobytes = /^VmData:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return { dataBytes: Number(kilobytes ?? 0) * 1_024, rssBytes };
  } catch {
    return { dataBytes: 0, rssBytes };
  }
}

function library() {
  try {
    return loadedLibc({
      prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
      setrlimit: { args: ["i32", "ptr"], returns: "i32" },
    });
  } catch {
    return undefined;
  }
}

function setLimit(libc: ReturnType<typeof library>, which: number, value: number): boolean {
  if (libc === undefined) return false;
  const softAndHard = BigUint64Array.of(BigInt(value), BigInt(value));
  return libc.symbols.setrlimit(which, ptr(softAndHard)) === 0;
}
