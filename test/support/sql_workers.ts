import { readFileSync, readdirSync } from "node:fs";
import { until } from "./asking.ts";
import { processCpuSeconds } from "./lapwing_process.ts";

/** The processes for SQL that a process has, from /proc. */
export function sqlWorkers(parent: number): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => isWorker(pid, parent));
}

export function isAlive(pid: number): boolean {
  try {
    const [, state] = /\) (\S) \d+ /.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
    return state !== undefined && state !== "Z";
  } catch {
    return false;
  }
}

/** Waits until so many of them have worked for a fifth of a second since now. */
export async function untilSqlRuns(parent: number, count: number): Promise<void> {
  const before = new Map(sqlWorkers(parent).map((pid) => [pid, processCpuSeconds(pid)]));
  await until("SQL to run", () => {
    const busy = sqlWorkers(parent).filter(
      (pid) => processCpuSeconds(pid) > (before.get(pid) ?? 0) + 0.2,
    );
    return busy.length >= count;
  });
}

function isWorker(pid: number, parent: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
    return (
      Number(/\) \S (\d+) /.exec(stat)?.[1]) === parent && command.includes("sql/worker/main.ts")
    );
  } catch {
    return false;
  }
}
