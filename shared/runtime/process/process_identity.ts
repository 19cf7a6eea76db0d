import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";

/** A process, so that another one can name it and, on the same machine, see whether it is still there. */
export type ProcessIdentity = {
  readonly host: string;
  readonly pid: number;
  /** The machine's boot and the PID namespace; empty where the system does not report them (outside Linux). */
  readonly machine: string;
  /** When the process started, in ticks since boot: distinguishes it from a later one of the same number. */
  readonly startTicks: string;
  /** When it took what it owns, Unix milliseconds of its own clock. */
  readonly sinceMs: number;
  /** Its data directory. */
  readonly folder: string;
};

export function thisProcess(folder: string, sinceMs: number): ProcessIdentity {
  const startTicks = statOf("self")?.startTicks ?? "";
  return { host: hostname(), pid: process.pid, machine: machineId(), startTicks, sinceMs, folder };
}

/** What another process left as text; undefined where it is not readable. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    return identity().parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Made when it is used: it is seldom wanted, and an agent keeps its memory small. */
const identity = () =>
  z.object({
    host: z.string(),
    pid: z.number(),
    machine: z.string(),
    startTicks: z.string(),
    sinceMs: z.number(),
    folder: z.string(),
  });

/** "pid 4242 on db1, since 2026-01-31T12:00:00.000Z, data directory /var/lib/lapwing" */
export function describeProcess({ host, pid, sinceMs, folder }: ProcessIdentity): string {
  return `pid ${pid} on ${host}, since ${new Date(sinceMs).toISOString()}, data directory ${folder}`;
}

export function isSameProcess(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return (
    one.pid === other.pid && one.machine === other.machine && one.startTicks === other.startTicks
  );
}

/** `unknown`: it runs on another machine, or in another PID namespace. */
export type Liveness = "alive" | "stopped" | "dead" | "unknown";

export function livenessOf({ machine, pid, startTicks }: ProcessIdentity): Liveness {
  if (machine === "" || machine !== machineId()) return "unknown";
  const stat = statOf(String(pid));
  if (stat === undefined || stat.startTicks !== startTicks) return "dead";
  if (["Z", "X"].includes(stat.state)) return "dead";
  return ["T", "t"].includes(stat.state) ? "stopped" : "alive";
}

function machineId(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return "";
  }
}

/** Fields 3 and 22 of /proc/PID/stat (proc_pid_stat(5)); the name before them may hold blanks and parentheses. */
function statOf(pid: string): { readonly state: string; readonly startTicks: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", startTicks: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}
