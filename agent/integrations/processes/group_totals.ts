import type { SampleSink } from "../../collect/samples/family.ts";
import { counter, gauge } from "../../collect/samples/family.ts";

const prefix = "namedprocess_namegroup";
const own = ["groupname"];
const processCount = gauge(`${prefix}_num_procs`, "Processes of the group.", own);
const threadCount = gauge(`${prefix}_num_threads`, "Threads of the group's processes.", own);
const cpu = counter(`${prefix}_cpu_seconds_total`, "CPU time of the group's processes.", [
  "groupname",
  "mode",
]);
const readBytes = counter(`${prefix}_read_bytes_total`, "Bytes read from storage.", own);
const writeBytes = counter(`${prefix}_write_bytes_total`, "Bytes written to storage.", own);
const majorFaults = counter(
  `${prefix}_major_page_faults_total`,
  "Page faults that had to read from storage.",
  own,
);
const minorFaults = counter(
  `${prefix}_minor_page_faults_total`,
  "Page faults answered from memory.",
  own,
);
const switches = counter(
  `${prefix}_context_switches_total`,
  "Context switches of the main threads.",
  ["groupname", "ctxswitchtype"],
);
const memory = gauge(`${prefix}_memory_bytes`, "Memory of the group's processes.", [
  "groupname",
  "memtype",
]);
const descriptors = gauge(`${prefix}_open_filedesc`, "Open file descriptors.", own);
const worstRatio = gauge(
  `${prefix}_worst_fd_ratio`,
  "Open file descriptors to the limit on them, of the process that is nearest to it.",
  own,
);
const oldestStart = gauge(
  `${prefix}_oldest_start_time_seconds`,
  "When the oldest process of the group was started, Unix seconds.",
  own,
);
const states = gauge(`${prefix}_states`, "Processes by the state of their main thread.", [
  "groupname",
  "state",
]);
const stateNames = ["Running", "Sleeping", "Waiting", "Zombie", "Other"] as const;

/** Counters of a process, in this order in arrays. */
export const countNames = [
  "userTicks",
  "systemTicks",
  "minorFaults",
  "majorFaults",
  "readBytes",
  "writeBytes",
  "voluntary",
  "nonvoluntary",
] as const;

const ticksPerSecond = 100;

/** What is told of one group: counters that only grow, and gauges of this tick. */
export class GroupTotals {
  readonly name: string;
  /** By countNames. */
  readonly counts = new Float64Array(countNames.length);
  processes = 0;
  threads = 0;
  residentBytes = 0;
  virtualBytes = 0;
  swappedBytes = 0;
  proportionalBytes = 0;
  proportionalSwapBytes = 0;
  openDescriptors = 0;
  worstRatio = 0;
  oldestStartSeconds = 0;
  readonly states = new Float64Array(stateNames.length);
  /** Tick of the last process that it had. */
  lastTick = 0;

  constructor(name: string) {
    this.name = name;
  }

  clearGauges(): void {
    this.processes = 0;
    this.threads = 0;
    this.residentBytes = 0;
    this.virtualBytes = 0;
    this.swappedBytes = 0;
    this.proportionalBytes = 0;
    this.proportionalSwapBytes = 0;
    this.openDescriptors = 0;
    this.worstRatio = 0;
    this.oldestStartSeconds = 0;
    this.states.fill(0);
  }

  /** `state`: the letter of /proc/PID/stat. */
  addState(state: string): void {
    const place = "RSDZ".indexOf(state);
    const at = place === -1 ? stateNames.length - 1 : place;
    this.states[at] = (this.states[at] ?? 0) + 1;
  }

  addTo(sink: SampleSink, withProportional: boolean): void {
    const { name } = this;
    const count = (of: (typeof countNames)[number]) => this.counts[countNames.indexOf(of)] ?? 0;
    sink.add(processCount, this.processes, name);
    sink.add(threadCount, this.threads, name);
    sink.add(cpu, count("userTicks") / ticksPerSecond, name, "user");
    sink.add(cpu, count("systemTicks") / ticksPerSecond, name, "system");
    sink.add(readBytes, count("readBytes"), name);
    sink.add(writeBytes, count("writeBytes"), name);
    sink.add(majorFaults, count("majorFaults"), name);
    sink.add(minorFaults, count("minorFaults"), name);
    sink.add(switches, count("voluntary"), name, "voluntary");
    sink.add(switches, count("nonvoluntary"), name, "nonvoluntary");
    sink.add(memory, this.residentBytes, name, "resident");
    sink.add(memory, this.virtualBytes, name, "virtual");
    sink.add(memory, this.swappedBytes, name, "swapped");
    if (withProportional) {
      sink.add(memory, this.proportionalBytes, name, "proportionalResident");
      sink.add(memory, this.proportionalSwapBytes, name, "proportionalSwapped");
    }
    sink.add(descriptors, this.openDescriptors, name);
    sink.add(worstRatio, this.worstRatio, name);
    sink.add(oldestStart, this.oldestStartSeconds, name);
    stateNames.forEach((state, i) => sink.add(states, this.states[i] ?? 0, name, state));
  }
}
