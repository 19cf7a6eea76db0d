import type { Collector } from "../../collector.ts";
import type { SampleSink } from "../../../../samples/family.ts";
import { counter, gauge } from "../../../../samples/family.ts";
import {
  listNames,
  readNumber,
  readText,
  readTextIfReadable,
  wordsOfLine,
} from "../../text_file.ts";

/** USER_HZ, which Linux fixes at 100 towards programs on every architecture in use. */
const ticksPerSecond = 100;

/** Fields of a cpu line of /proc/stat, in the kernel's order. */
const modes = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"] as const;
const idleField = 3;
const guestField = 8;
const guestNiceField = 9;
const fieldsMax = 10;
/** An idle counter that falls by more than this tells of a CPU taken away and brought back, not of the kernel's jitter. */
const idleFallSeconds = 3;

const seconds = counter("node_cpu_seconds_total", "Time the CPU spent in each mode.", [
  "cpu",
  "mode",
]);
const guest = counter(
  "node_cpu_guest_seconds_total",
  "Time the CPU spent running virtual machines, by the mode that it is also counted in.",
  ["cpu", "mode"],
);
const coreThrottles = counter(
  "node_cpu_core_throttles_total",
  "How often this core was throttled because of heat.",
  ["core", "package"],
);
const packageThrottles = counter(
  "node_cpu_package_throttles_total",
  "How often this package was throttled because of heat.",
  ["package"],
);
const isolated = gauge("node_cpu_isolated", "1 for a CPU that the scheduler leaves alone.", [
  "cpu",
]);

export const cpu: Collector = {
  name: "cpu",
  create({ proc, sys }) {
    const last = new Map<string, number[]>();
    const throttles = throttleReader(sys);
    return (sink) => {
      for (const { id, ticks } of parseCpuLines(readText(`${proc}/stat`))) {
        const spent = neverBackwards(
          last.get(id),
          ticks.map((count) => count / ticksPerSecond),
        );
        last.set(id, spent);
        modes.forEach((mode, i) => sink.add(seconds, spent[i] ?? 0, id, mode));
        sink.add(guest, spent[guestField] ?? 0, id, "user");
        sink.add(guest, spent[guestNiceField] ?? 0, id, "nice");
      }
      throttles(sink);
      const list = readTextIfReadable(`${sys}/devices/system/cpu/isolated`) ?? "";
      for (const id of parseCpuList(list)) sink.add(isolated, 1, String(id));
    };
  },
};

/** Lines "cpu0 10 20 ..." of /proc/stat; the line "cpu", the sum of all, is left out. */
export function parseCpuLines(stat: string): { id: string; ticks: number[] }[] {
  const cpus: { id: string; ticks: number[] }[] = [];
  for (const line of stat.split("\n")) {
    // All cpu lines come first.
    if (!line.startsWith("cpu")) break;
    const [name = "", ...fields] = wordsOfLine(line);
    if (name === "cpu") continue;
    const ticks = fields.slice(0, fieldsMax).map(Number);
    cpus.push({ id: name.slice("cpu".length), ticks });
  }
  return cpus;
}

/** "0-2,5" as 0, 1, 2, 5; the format of CPU lists in sysfs. */
export function parseCpuList(text: string): number[] {
  const cpus: number[] = [];
  for (const part of text.trim().split(",")) {
    if (part === "") continue;
    const [first = Number.NaN, last = first] = part.split("-").map(Number);
    for (let id = first; id <= last; id++) cpus.push(id);
  }
  return cpus;
}

/**
 * The kernel lets some of these counters slip back a little, idle and iowait above all; what was reported stands until they
 * have caught up. A CPU that was taken away and brought back begins anew.
 */
export function neverBackwards(before: readonly number[] | undefined, now: number[]): number[] {
  if (before === undefined) return now;
  const idleBefore = before[idleField] ?? 0;
  if ((now[idleField] ?? 0) < idleBefore - idleFallSeconds) return now;
  // Time of guests is taken as it is: it is a part of user and nice, which are held.
  return now.map((value, i) => (i < guestField ? Math.max(value, before[i] ?? 0) : value));
}

/** Thermal throttling: read only on hosts that have it; the set of CPUs is looked up once. */
function throttleReader(sys: string): (sink: SampleSink) => void {
  const base = `${sys}/devices/system/cpu`;
  const throttled = (listNames(base) ?? [])
    .filter((name) => /^cpu\d+$/.test(name))
    .filter((name) => listNames(`${base}/${name}/thermal_throttle`) !== undefined);
  return (sink) => {
    const seenCores = new Set<string>();
    const seenPackages = new Set<string>();
    for (const name of throttled) {
      const packageId = readNumber(`${base}/${name}/topology/physical_package_id`);
      const coreId = readNumber(`${base}/${name}/topology/core_id`);
      if (packageId === undefined || coreId === undefined) continue;
      const inPackage = readNumber(`${base}/${name}/thermal_throttle/package_throttle_count`);
      if (inPackage !== undefined && !seenPackages.has(String(packageId))) {
        seenPackages.add(String(packageId));
        sink.add(packageThrottles, inPackage, String(packageId));
      }
      // Threads of one core share its counter.
      const core = `${packageId}/${coreId}`;
      const inCore = readNumber(`${base}/${name}/thermal_throttle/core_throttle_count`);
      if (inCore === undefined || seenCores.has(core)) continue;
      seenCores.add(core);
      sink.add(coreThrottles, inCore, String(coreId), String(packageId));
    }
  };
}
