import { numberAfter, readIfThere } from "../kernel_files.ts";
import type { BlockDevices } from "./block_devices.ts";
import type { ContainerSink } from "./container_sink.ts";
import { families, pressureFamilies } from "./families.ts";

const usec = 1e-6;

/** What the files of a group of version 2 tell (kernel documentation, cgroup-v2). Files that are not there are controllers that are off. */
export function addVersion2(sink: ContainerSink, folder: string, devices: BlockDevices): void {
  addCpu(sink, folder);
  addMemory(sink, folder);
  addBlock(sink, readIfThere(`${folder}/io.stat`) ?? "", devices);
  const threads = readIfThere(`${folder}/pids.current`);
  if (threads !== undefined) {
    sink.add(families.threads, numberAfter(threads, ""));
    sink.add(families.threadsMax, limitOf(`${folder}/pids.max`));
  }
  for (const [file, waiting, stalled] of pressureFamilies) {
    const text = readIfThere(`${folder}/${file}`) ?? "";
    sink.add(waiting, totalOf(text, "some"));
    sink.add(stalled, totalOf(text, "full"));
  }
}

function addCpu(sink: ContainerSink, folder: string): void {
  const text = readIfThere(`${folder}/cpu.stat`) ?? "";
  const seconds = (key: string) => times(numberAfter(text, key), usec);
  sink.add(families.cpuUsage, seconds("usage_usec "), "total");
  sink.add(families.cpuUser, seconds("user_usec "));
  sink.add(families.cpuSystem, seconds("system_usec "));
  const [quota, period] = (readIfThere(`${folder}/cpu.max`) ?? "").split(" ").map(Number);
  sink.add(families.specPeriod, period);
  if (quota !== undefined && !Number.isNaN(quota) && period !== undefined) {
    sink.add(families.specQuota, quota);
    sink.add(families.cpuPeriods, numberAfter(text, "nr_periods "));
    sink.add(families.cpuThrottled, numberAfter(text, "nr_throttled "));
    sink.add(families.cpuThrottledTime, seconds("throttled_usec "));
  }
  const weight = numberAfter(readIfThere(`${folder}/cpu.weight`) ?? "", "");
  // 1 to 10000 stand for the 2 to 262144 of version 1, as container runtimes convert them.
  if (weight !== undefined)
    sink.add(families.specShares, 2 + Math.floor(((weight - 1) * 262_142) / 9_999));
}

function addMemory(sink: ContainerSink, folder: string): void {
  const stat = readIfThere(`${folder}/memory.stat`);
  if (stat === undefined) return;
  const of = (key: string) => numberAfter(stat, `${key} `);
  const usage = numberAfter(readIfThere(`${folder}/memory.current`) ?? "", "");
  const inactive = of("inactive_file") ?? 0;
  sink.add(families.memoryUsage, usage);
  if (usage !== undefined) sink.add(families.memoryWorkingSet, Math.max(0, usage - inactive));
  sink.add(families.memoryRss, of("anon"));
  sink.add(families.memoryCache, of("file"));
  sink.add(families.memoryMapped, of("file_mapped"));
  sink.add(families.memoryKernel, of("kernel"));
  sink.add(families.memoryActiveFile, of("active_file"));
  sink.add(families.memoryInactiveFile, of("inactive_file"));
  for (const type of ["pgfault", "pgmajfault"])
    for (const scope of ["container", "hierarchy"])
      sink.add(families.memoryFaults, of(type), type, scope);
  sink.add(
    families.memorySwap,
    numberAfter(readIfThere(`${folder}/memory.swap.current`) ?? "", ""),
  );
  sink.add(families.memoryMaxUsage, numberAfter(readIfThere(`${folder}/memory.peak`) ?? "", ""));
  const events = readIfThere(`${folder}/memory.events`) ?? "";
  sink.add(families.memoryFailures, numberAfter(events, "max "));
  sink.add(families.oomEvents, numberAfter(events, "oom_kill "));
  sink.add(families.specMemory, limitOf(`${folder}/memory.max`));
  sink.add(families.specSwap, limitOf(`${folder}/memory.swap.max`));
  sink.add(families.specReservation, limitOf(`${folder}/memory.low`));
}

/** "254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0" */
function addBlock(sink: ContainerSink, text: string, devices: BlockDevices): void {
  for (const line of text.split("\n")) {
    const [numbers = "", ...fields] = line.split(" ");
    const device = devices.nameOf(numbers);
    if (device === undefined || fields.length === 0) continue;
    const values = new Map<string, number>();
    for (const field of fields) {
      const [key = "", value] = field.split("=");
      values.set(key, Number(value));
    }
    sink.add(families.fsReadBytes, values.get("rbytes"), device);
    sink.add(families.fsReads, values.get("rios"), device);
    sink.add(families.fsWriteBytes, values.get("wbytes"), device);
    sink.add(families.fsWrites, values.get("wios"), device);
    const [major = "", minor = ""] = numbers.split(":");
    sink.add(families.blockUsage, values.get("rbytes"), device, major, minor, "Read");
    sink.add(families.blockUsage, values.get("wbytes"), device, major, minor, "Write");
  }
}

/** "max" is no limit, told as 0. */
function limitOf(path: string): number | undefined {
  const text = readIfThere(path);
  return text === undefined ? undefined : (numberAfter(text, "") ?? 0);
}

/** "some avg10=0.00 avg60=0.00 avg300=0.00 total=12345", in microseconds. */
function totalOf(text: string, line: string): number | undefined {
  const start = text.startsWith(line) ? 0 : text.indexOf(`\n${line} `);
  const at = start < 0 ? -1 : text.indexOf("total=", start);
  return at < 0 ? undefined : times(Number.parseInt(text.slice(at + 6), 10), usec);
}

function times(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}
