import { existsSync, readdirSync } from "node:fs";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { counter } from "../../collect/samples/family.ts";
import { pageSizeBytes } from "../../collect/sources/host_metrics/page_size.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import { numberAfter, readIfThere } from "../kernel_files.ts";
import type { ProcessesConfig } from "./config.ts";
import { groupNameOf } from "./group_rules.ts";
import { GroupTotals, countNames } from "./group_totals.ts";
import {
  type ProcStat,
  countDescriptors,
  descriptorLimit,
  parseStat,
  readArguments,
  readUsers,
} from "./proc_files.ts";

const scrapeErrors = counter("namedprocess_scrape_errors", "Times that /proc could not be listed.");
const readErrors = counter(
  "namedprocess_scrape_procread_errors",
  "Processes whose files were not of the known form.",
);
const partialErrors = counter(
  "namedprocess_scrape_partial_errors",
  "Processes whose storage traffic or file descriptors this user may not know.",
);

/** Processes between two pauses, in which the agent's other work is done. */
const pauseEvery = 250;
/** Ticks until a process's limit on file descriptors is read again. */
const limitTicks = 40;
const ticksPerSecond = 100;

/** What is remembered of a process between two ticks. */
type Known = {
  startTicks: number;
  /** Undefined where nothing wants it. */
  group: GroupTotals | undefined;
  readonly counts: Float64Array;
  descriptorLimit: number | undefined;
  limitTick: number;
  /** False while its parent, whose group it may share, was not looked at yet. */
  isDecided: boolean;
  /** Whether `counts` holds something. */
  isCounted: boolean;
  readonly firstTick: number;
  tick: number;
};

/** Counters of a group begin at 0 with the first tick; processes that start later count from their start, and those that ended stay counted. */
export const openProcesses: OpenInstance<ProcessesConfig> = (options) => {
  const watch = new ProcessWatch(options);
  return {
    async collect(sink, tick) {
      await watch.look(tick);
      for (const group of watch.groups.values()) group.addTo(sink, options.gather_smaps);
      sink.add(scrapeErrors, watch.scrapeErrors);
      sink.add(readErrors, watch.readErrors);
      sink.add(partialErrors, watch.partialErrors);
    },
  };
};

class ProcessWatch {
  readonly groups = new Map<string, GroupTotals>();
  scrapeErrors = 0;
  readErrors = 0;
  partialErrors = 0;
  readonly #options: ProcessesConfig;
  readonly #known = new Map<number, Known>();
  readonly #now = new Float64Array(countNames.length);
  readonly #pageBytes = pageSizeBytes();
  readonly #bootSeconds: number;
  #users: Map<number, string> | undefined;
  #tick = 0;
  #refused = 0;
  #partial = 0;

  constructor(options: ProcessesConfig) {
    this.#options = options;
    this.#bootSeconds = numberAfter(readIfThere(`${options.procfs}/stat`) ?? "", "btime ") ?? 0;
  }

  async look(tick: Tick): Promise<void> {
    this.#tick += 1;
    this.#refused = 0;
    this.#partial = 0;
    this.#users = undefined;
    for (const group of this.groups.values()) group.clearGauges();
    const pids = this.#list();
    const max = this.#options.processes_max;
    for (let i = 0; i < pids.length && i < max; i++) {
      if (i % pauseEvery === pauseEvery - 1) {
        await new Promise((resolve) => setImmediate(resolve));
        if (tick.signal.aborted) return;
      }
      this.#take(pids[i] ?? 0);
    }
    for (const [pid, known] of this.#known) if (known.tick !== this.#tick) this.#known.delete(pid);
    this.partialErrors += this.#partial;
    if (pids.length > max) tick.degraded(`${pids.length - max} processes beyond processes_max`);
    if (this.#refused > 0)
      tick.degraded(`${this.#refused} processes would be groups beyond groups_max`);
    if (this.#partial > 0)
      tick.degraded(
        `storage traffic and file descriptors of ${this.#partial} ${this.#partial === 1 ? "process" : "processes"}: no right (root or CAP_SYS_PTRACE)`,
      );
  }

  /** In order of their numbers, so that parents mostly come before their children. */
  #list(): number[] {
    try {
      const names = readdirSync(this.#options.procfs);
      const pids = names.map(Number).filter((pid) => Number.isInteger(pid) && pid > 0);
      return pids.toSorted((a, b) => a - b);
    } catch (thrown) {
      this.scrapeErrors += 1;
      throw new OperatingError(
        "unavailable",
        `cannot list ${this.#options.procfs}: ${messageOf(thrown)}`,
      );
    }
  }

  #take(pid: number): void {
    const folder = `${this.#options.procfs}/${pid}`;
    const text = readIfThere(`${folder}/stat`);
    // It has ended since it was listed.
    if (text === undefined) return;
    const stat = parseStat(text);
    if (stat === undefined) {
      this.readErrors += 1;
      return;
    }
    const before = this.#known.get(pid);
    const isNew = before?.startTicks !== stat.startTicks;
    const known = isNew ? newKnown(stat.startTicks, this.#tick) : before;
    if (isNew) this.#known.set(pid, known);
    known.tick = this.#tick;
    if (!known.isDecided || this.#options.recheck) {
      known.group = this.#groupOf(pid, folder, stat);
      known.isDecided =
        known.group !== undefined || stat.parent === 0 || this.#known.has(stat.parent);
    }
    if (known.group !== undefined) this.#count(known, known.group, folder, stat);
  }

  #groupOf(pid: number, folder: string, stat: ProcStat): GroupTotals | undefined {
    let given: readonly string[] | undefined;
    const name = groupNameOf(
      {
        pid,
        comm: stat.comm,
        arguments: () => (given ??= readArguments(folder)),
        userName: () => this.#userOf(folder),
      },
      this.#options.process_names,
    );
    if (name !== undefined) return this.#groupNamed(name);
    return this.#options.children ? this.#known.get(stat.parent)?.group : undefined;
  }

  #groupNamed(name: string): GroupTotals | undefined {
    const found = this.groups.get(name);
    if (found !== undefined) return found;
    if (this.groups.size >= this.#options.groups_max && !this.#dropEmpty()) {
      this.#refused += 1;
      return undefined;
    }
    const made = new GroupTotals(name);
    this.groups.set(name, made);
    return made;
  }

  /** Makes room: of the groups without a process, the one that is so for the longest goes. */
  #dropEmpty(): boolean {
    let oldest: GroupTotals | undefined;
    for (const group of this.groups.values())
      if (group.lastTick < this.#tick - 1 && group.lastTick < (oldest?.lastTick ?? Infinity))
        oldest = group;
    return oldest !== undefined && this.groups.delete(oldest.name);
  }

  /** Of the effective user. */
  #userOf(folder: string): string {
    const status = readIfThere(`${folder}/status`) ?? "";
    const id = Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]);
    this.#users ??= readUsers();
    return this.#users.get(id) ?? String(id);
  }

  #count(known: Known, group: GroupTotals, folder: string, stat: ProcStat): void {
    const status = readIfThere(`${folder}/status`) ?? "";
    const io = readIfThere(`${folder}/io`);
    const open = countDescriptors(folder);
    // One that has ended has none; one that ends meanwhile has no folder any more.
    const isHidden = (io === undefined || open === undefined) && stat.state !== "Z";
    if (isHidden && existsSync(folder)) this.#partial += 1;
    const now = this.#now;
    now[0] = stat.userTicks;
    now[1] = stat.systemTicks;
    now[2] = stat.minorFaults;
    now[3] = stat.majorFaults;
    now[4] = (io === undefined ? undefined : numberAfter(io, "read_bytes:")) ?? 0;
    now[5] = (io === undefined ? undefined : numberAfter(io, "write_bytes:")) ?? 0;
    now[6] = numberAfter(status, "voluntary_ctxt_switches:") ?? 0;
    now[7] = numberAfter(status, "nonvoluntary_ctxt_switches:") ?? 0;
    const isBaseline = known.firstTick === 1 && !known.isCounted;
    known.isCounted = true;
    for (let i = 0; i < now.length; i++) {
      const value = now[i] ?? 0;
      const grown = value - (known.counts[i] ?? 0);
      if (!isBaseline && grown > 0) group.counts[i] = (group.counts[i] ?? 0) + grown;
      known.counts[i] = value;
    }
    group.lastTick = this.#tick;
    group.processes += 1;
    group.threads += stat.threads;
    group.addState(stat.state);
    group.virtualBytes += stat.virtualBytes;
    group.residentBytes += stat.residentPages * this.#pageBytes;
    group.swappedBytes += (numberAfter(status, "VmSwap:") ?? 0) * 1_024;
    const startSeconds = this.#bootSeconds + Math.floor(stat.startTicks / ticksPerSecond);
    if (group.oldestStartSeconds === 0 || startSeconds < group.oldestStartSeconds)
      group.oldestStartSeconds = startSeconds;
    if (open !== undefined) this.#countDescriptors(known, group, folder, open);
    if (this.#options.gather_smaps) countProportional(group, folder);
  }

  #countDescriptors(known: Known, group: GroupTotals, folder: string, open: number): void {
    group.openDescriptors += open;
    if (known.limitTick === 0 || this.#tick - known.limitTick >= limitTicks) {
      known.descriptorLimit = descriptorLimit(folder);
      known.limitTick = this.#tick;
    }
    const limit = known.descriptorLimit;
    if (limit !== undefined && limit > 0)
      group.worstRatio = Math.max(group.worstRatio, open / limit);
  }
}

function newKnown(startTicks: number, firstTick: number): Known {
  const counts = new Float64Array(countNames.length);
  const limit = { descriptorLimit: undefined, limitTick: 0 };
  const state = { isDecided: false, isCounted: false, firstTick, tick: 0 };
  return { startTicks, group: undefined, counts, ...limit, ...state };
}

function countProportional(group: GroupTotals, folder: string): void {
  const text = readIfThere(`${folder}/smaps_rollup`) ?? "";
  group.proportionalBytes += (numberAfter(text, "Pss:") ?? 0) * 1_024;
  group.proportionalSwapBytes += (numberAfter(text, "SwapPss:") ?? 0) * 1_024;
}
