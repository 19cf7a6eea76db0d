import { ptr } from "bun:ffi";
import { loadedLibc } from "#shared/runtime/process/libc.ts";

/** CLOCK_MONOTONIC of Linux (uapi/linux/time.h), which stands still while the host sleeps, as the timers of systemd do. */
const monotonic = 1;

/** Unix time, in seconds, at which the monotonic clock would have begun; undefined where it can't be read. */
export function monotonicOrigin(): number | undefined {
  const library = loadedLibc({ clock_gettime: { args: ["i32", "ptr"], returns: "i32" } });
  if (library === undefined) return undefined;
  const time = new BigInt64Array(2);
  const isRead = library.symbols.clock_gettime(monotonic, ptr(time)) === 0;
  library.close();
  const [seconds = 0n, nanoseconds = 0n] = time;
  return isRead ? Date.now() / 1_000 - Number(seconds) - Number(nanoseconds) / 1e9 : undefined;
}
