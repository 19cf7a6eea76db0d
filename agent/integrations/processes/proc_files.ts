import { readFileSync, readdirSync, statSync } from "node:fs";
import { numberAfter, readIfThere } from "../kernel_files.ts";

/** Of /proc/PID/stat (man 5 proc_pid_stat); times in clock ticks, memory in bytes and pages. */
export type ProcStat = {
  comm: string;
  state: string;
  parent: number;
  minorFaults: number;
  majorFaults: number;
  userTicks: number;
  systemTicks: number;
  threads: number;
  startTicks: number;
  virtualBytes: number;
  residentPages: number;
};

/** "812 (a) b) S 1 ...": the name ends at the last parenthesis. Undefined where it is not of that form. */
export function parseStat(text: string): ProcStat | undefined {
  const end = text.lastIndexOf(")");
  const start = text.indexOf("(");
  if (start === -1 || end < start) return undefined;
  const fields = text.slice(end + 2).split(" ", 22);
  const at = (place: number) => Number(fields[place]);
  const stat = {
    comm: text.slice(start + 1, end),
    state: fields[0] ?? "",
    parent: at(1),
    minorFaults: at(7),
    majorFaults: at(9),
    userTicks: at(11),
    systemTicks: at(12),
    threads: at(17),
    startTicks: at(19),
    virtualBytes: at(20),
    residentPages: at(21),
  };
  return Number.isNaN(stat.residentPages) ? undefined : stat;
}

/** Arguments, empty for a thread of the kernel. */
export function readArguments(folder: string): string[] {
  let text;
  try {
    text = readFileSync(`${folder}/cmdline`, "utf8");
  } catch {
    return [];
  }
  const end = text.endsWith("\0") ? -1 : text.length;
  return text === "" ? [] : text.slice(0, end).split("\0");
}

/** Open file descriptors; undefined where this user may not know. Since Linux 6.2 the folder's size is their number, which saves listing it. */
export function countDescriptors(folder: string): number | undefined {
  try {
    const path = `${folder}/fd`;
    const { size } = statSync(path);
    return size > 0 ? size : readdirSync(path).length;
  } catch {
    return undefined;
  }
}

/** The soft limit on open files; undefined where there is none, or it can't be read. */
export function descriptorLimit(folder: string): number | undefined {
  const text = readIfThere(`${folder}/limits`);
  return text === undefined ? undefined : numberAfter(text, "Max open files");
}

/** Names of users by id, of this host's /etc/passwd. */
export function readUsers(path = "/etc/passwd"): Map<number, string> {
  const users = new Map<number, string>();
  for (const line of (readIfThere(path) ?? "").split("\n")) {
    const [name, , id] = line.split(":");
    if (name !== undefined && id !== undefined && id !== "") users.set(Number(id), name);
  }
  return users;
}
