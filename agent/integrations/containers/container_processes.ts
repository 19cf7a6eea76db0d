import { readdirSync, readlinkSync } from "node:fs";
import { parseNetworkDevices } from "../../collect/sources/host_metrics/collectors/network/netdev.ts";
import { numberAfter, readIfThere } from "../kernel_files.ts";
import { parseStat } from "../processes/proc_files.ts";
import { foldersIn } from "./cgroup_tree.ts";
import type { ContainerSink } from "./container_sink.ts";
import { families, networkFamilies } from "./families.ts";

/** A group's processes may be in groups below it; deeper than this nobody nests. */
const depthMax = 3;
/** Processes whose files are read one by one, of a container. */
const detailsMax = 500;
const ticksPerSecond = 100;
const ignoredInterface = /^(?:lo$|veth|docker)/;
const taskStates: Readonly<Record<string, string>> = {
  R: "running",
  S: "sleeping",
  T: "stopped",
  t: "stopped",
  D: "uninterruptible",
};
const taskStateNames = ["iowaiting", "running", "sleeping", "stopped", "uninterruptible"] as const;

/** Process ids of a group and of those below it, ascending. `folder`: where its cgroup.procs lies. */
export function processesIn(folder: string, depth = 0): number[] {
  const own = (readIfThere(`${folder}/cgroup.procs`) ?? "").split("\n").filter(Boolean).map(Number);
  if (depth < depthMax)
    for (const name of foldersIn(folder)) own.push(...processesIn(`${folder}/${name}`, depth + 1));
  // 0 stands for processes of other namespaces.
  return own.filter((pid) => pid > 0).toSorted((a, b) => a - b);
}

/** Identity of a process's network; undefined where this user may not know. */
export function networkOf(procfs: string, pid: number | string): string | undefined {
  try {
    return readlinkSync(`${procfs}/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

/** Interfaces as a process sees them. */
export function addNetwork(sink: ContainerSink, procfs: string, pid: number): void {
  const text = readIfThere(`${procfs}/${pid}/net/dev`);
  if (text === undefined) return;
  for (const { device, counts } of parseNetworkDevices(text)) {
    if (ignoredInterface.test(device)) continue;
    for (const [column, family] of networkFamilies) sink.add(family, counts[column], device);
  }
}

/** When a process was started, Unix seconds. */
export function startOf(procfs: string, pid: number): number | undefined {
  const stat = parseStat(readIfThere(`${procfs}/${pid}/stat`) ?? "");
  const boot = numberAfter(readIfThere(`${procfs}/stat`) ?? "", "btime ");
  if (stat === undefined || boot === undefined) return undefined;
  return boot + Math.floor(stat.startTicks / ticksPerSecond);
}

/** File descriptors, sockets, and states. */
export function addDetails(sink: ContainerSink, procfs: string, pids: readonly number[]): void {
  const counts = new Map<string, number>(taskStateNames.map((name) => [name, 0]));
  let [descriptors, sockets] = [0, 0];
  for (const pid of pids.slice(0, detailsMax)) {
    const folder = `${procfs}/${pid}`;
    const state = taskStates[parseStat(readIfThere(`${folder}/stat`) ?? "")?.state ?? ""];
    if (state !== undefined) counts.set(state, (counts.get(state) ?? 0) + 1);
    for (const target of descriptorsOf(`${folder}/fd`)) {
      descriptors += 1;
      if (target.startsWith("socket:")) sockets += 1;
    }
  }
  sink.add(families.descriptors, descriptors);
  sink.add(families.sockets, sockets);
  for (const [state, count] of counts) sink.add(families.tasks, count, state);
}

function descriptorsOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => {
      try {
        return readlinkSync(`${folder}/${name}`);
      } catch {
        return "";
      }
    });
  } catch {
    return [];
  }
}
