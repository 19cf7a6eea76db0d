import { readFileSync } from "node:fs";

/** Which boot of the machine this is, and the milliseconds since, suspends included: no one sets that clock. */
export type BootTime = { readonly id: string; readonly ms: number };

/** undefined outside Linux. */
export function bootTime(): BootTime | undefined {
  try {
    const id = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const seconds = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    return id === "" || Number.isNaN(seconds) ? undefined : { id, ms: seconds * 1_000 };
  } catch {
    return undefined;
  }
}
