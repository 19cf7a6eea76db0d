import { numberAfter, readIfThere } from "../kernel_files.ts";
import type { BlockDevices } from "./block_devices.ts";
import type { CgroupRoots } from "./cgroup_tree.ts";
import type { ContainerSink } from "./container_sink.ts";
import { families } from "./families.ts";

const nanosecond = 1e-9;
/** USER_HZ. */
const tick = 0.01;
/** "No limit" is the largest number of pages as bytes; no host has a fourth of it. */
const unlimited = 2 ** 61;

/** What the files of the hierarchies of version 1 tell (kernel documentation, cgroup-v1). `path`: below each of them. */
export function addVersion1(
  sink: ContainerSink,
  roots: Extract<CgroupRoots, { version: 1 }>,
  path: string,
  devices: BlockDevices,
): void {
  const { cpu, cpuacct, memory, blkio, pids } = roots.of;
  if (cpuacct !== undefined) addUsage(sink, cpuacct + path);
  if (cpu !== undefined) addQuota(sink, cpu + path);
  if (memory !== undefined) addMemory(sink, memory + path);
  if (blkio !== undefined) addBlock(sink, blkio + path, devices);
  if (pids === undefined) return;
  const threads = readIfThere(`${pids + path}/pids.current`);
  if (threads === undefined) return;
  sink.add(families.threads, numberAfter(threads, ""));
  sink.add(families.threadsMax, numberIn(`${pids + path}/pids.max`) ?? 0);
}

function addUsage(sink: ContainerSink, folder: string): void {
  const usage = numberIn(`${folder}/cpuacct.usage`);
  if (usage !== undefined) sink.add(families.cpuUsage, usage * nanosecond, "total");
  const text = readIfThere(`${folder}/cpuacct.stat`) ?? "";
  const [user, system] = [numberAfter(text, "user "), numberAfter(text, "system ")];
  if (user !== undefined) sink.add(families.cpuUser, user * tick);
  if (system !== undefined) sink.add(families.cpuSystem, system * tick);
}

function addQuota(sink: ContainerSink, folder: string): void {
  sink.add(families.specShares, numberIn(`${folder}/cpu.shares`));
  sink.add(families.specPeriod, numberIn(`${folder}/cpu.cfs_period_us`));
  const quota = numberIn(`${folder}/cpu.cfs_quota_us`);
  if (quota === undefined || quota <= 0) return;
  sink.add(families.specQuota, quota);
  const text = readIfThere(`${folder}/cpu.stat`) ?? "";
  sink.add(families.cpuPeriods, numberAfter(text, "nr_periods "));
  sink.add(families.cpuThrottled, numberAfter(text, "nr_throttled "));
  const throttled = numberAfter(text, "throttled_time ");
  if (throttled !== undefined) sink.add(families.cpuThrottledTime, throttled * nanosecond);
}

function addMemory(sink: ContainerSink, folder: string): void {
  const stat = readIfThere(`${folder}/memory.stat`);
  if (stat === undefined) return;
  // With the groups below it; a file that lacks these has no groups below.
  const of = (key: string) => numberAfter(stat, `total_${key} `) ?? numberAfter(stat, `${key} `);
  const usage = numberIn(`${folder}/memory.usage_in_bytes`);
  const inactive = of("inactive_file") ?? 0;
  sink.add(families.memoryUsage, usage);
  if (usage !== undefined) sink.add(families.memoryWorkingSet, Math.max(0, usage - inactive));
  sink.add(families.memoryRss, of("rss"));
  sink.add(families.memoryCache, of("cache"));
  sink.add(families.memoryMapped, of("mapped_file"));
  sink.add(families.memorySwap, of("swap"));
  sink.add(families.memoryKernel, numberIn(`${folder}/memory.kmem.usage_in_bytes`));
  sink.add(families.memoryMaxUsage, numberIn(`${folder}/memory.max_usage_in_bytes`));
  sink.add(families.memoryFailures, numberIn(`${folder}/memory.failcnt`));
  sink.add(families.memoryActiveFile, of("active_file"));
  sink.add(families.memoryInactiveFile, of("inactive_file"));
  for (const type of ["pgfault", "pgmajfault"]) {
    sink.add(families.memoryFaults, numberAfter(stat, `${type} `), type, "container");
    sink.add(families.memoryFaults, of(type), type, "hierarchy");
  }
  const oom = readIfThere(`${folder}/memory.oom_control`) ?? "";
  sink.add(families.oomEvents, numberAfter(oom, "oom_kill "));
  sink.add(families.specMemory, limitIn(`${folder}/memory.limit_in_bytes`));
  sink.add(families.specSwap, limitIn(`${folder}/memory.memsw.limit_in_bytes`));
  sink.add(families.specReservation, limitIn(`${folder}/memory.soft_limit_in_bytes`));
}

function addBlock(sink: ContainerSink, folder: string, devices: BlockDevices): void {
  const read = (name: string) =>
    readIfThere(`${folder}/blkio.throttle.${name}_recursive`) ??
    readIfThere(`${folder}/blkio.throttle.${name}`) ??
    "";
  for (const [numbers, operation, value] of blockLines(read("io_service_bytes"))) {
    const device = devices.nameOf(numbers);
    if (device === undefined) continue;
    const [major = "", minor = ""] = numbers.split(":");
    sink.add(families.blockUsage, value, device, major, minor, operation);
    if (operation === "Read") sink.add(families.fsReadBytes, value, device);
    if (operation === "Write") sink.add(families.fsWriteBytes, value, device);
  }
  for (const [numbers, operation, value] of blockLines(read("io_serviced"))) {
    const device = devices.nameOf(numbers);
    if (device === undefined) continue;
    if (operation === "Read") sink.add(families.fsReads, value, device);
    if (operation === "Write") sink.add(families.fsWrites, value, device);
  }
}

/** "254:0 Read 4096"; the last line is a total without a device. */
function blockLines(text: string): [numbers: string, operation: string, value: number][] {
  return text.split("\n").flatMap((line) => {
    const [numbers = "", operation = "", value] = line.split(" ");
    return value === undefined ? [] : [[numbers, operation, Number(value)]];
  });
}

function numberIn(path: string): number | undefined {
  const text = readIfThere(path);
  return text === undefined ? undefined : numberAfter(text, "");
}

/** 0 where there is none. */
function limitIn(path: string): number | undefined {
  const value = numberIn(path);
  return value === undefined || value < unlimited ? value : 0;
}
