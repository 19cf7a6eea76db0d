import { OperatingError } from "#shared/errors.ts";
import { type SampleSink, gauge } from "../../collect/samples/family.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import { numberAfter, readIfThere } from "../kernel_files.ts";
import { OpenLabels } from "../open_labels.ts";
import { BlockDevices } from "./block_devices.ts";
import { type CgroupRoots, type FoundCgroup, findRoots, listCgroups } from "./cgroup_tree.ts";
import type { ContainersConfig } from "./config.ts";
import { ContainerNames } from "./container_names.ts";
import { addDetails, addNetwork, networkOf, processesIn, startOf } from "./container_processes.ts";
import { ContainerSink } from "./container_sink.ts";
import { families } from "./families.ts";
import { addVersion1 } from "./version_1.ts";
import { addVersion2 } from "./version_2.ts";

const scrapeError = gauge(
  "container_scrape_error",
  "1 where containers could not be listed, else 0.",
);
const cores = gauge("machine_cpu_cores", "Logical processors of the host.");
const hostMemory = gauge("machine_memory_bytes", "Memory of the host.");

/** Label names of all containers together. */
const labelNamesMax = 200;
/** Containers between two pauses, in which the agent's other work is done. */
const pauseEvery = 50;

/** The whole host as the group "/", and each container. */
export const openContainers: OpenInstance<ContainersConfig> = (options, { timeoutMs }) => {
  const labels = new OpenLabels(labelNamesMax);
  const names = new ContainerNames(options, timeoutMs);
  const devices = new BlockDevices(options.procfs);
  return {
    async collect(sink, tick) {
      devices.begin();
      addMachine(sink, options.procfs);
      let roots;
      try {
        roots = findRoots(options.cgroup_root);
      } catch (thrown) {
        sink.add(scrapeError, 1);
        throw thrown;
      }
      sink.add(scrapeError, 0);
      const all = listCgroups(roots, options.all_cgroups);
      const found = all.slice(0, options.containers_max);
      if (all.length > found.length)
        tick.degraded(`${all.length - found.length} containers beyond containers_max`);
      await names.refresh(
        found.flatMap(({ container }) => container ?? []),
        tick,
      );
      const look = new Look(options, roots, devices, tick);
      look.host(new ContainerSink(sink, labels, labels.valuesOf([["id", "/"]]) ?? []));
      let refused = 0;
      for (const [i, each] of found.entries()) {
        if (i % pauseEvery === pauseEvery - 1)
          await new Promise((resolve) => setImmediate(resolve));
        if (tick.signal.aborted) throw new OperatingError("timeout", "not all containers in time");
        const told = each.container === undefined ? [] : names.labelsOf(each.container);
        const values = labels.valuesOf([["id", each.path], ...told]);
        if (values === undefined) refused += 1;
        else look.at(each, new ContainerSink(sink, labels, values));
      }
      look.end();
      if (refused > 0) tick.degraded(`${refused} containers with too many names of labels`);
    },
  };
};

function addMachine(sink: SampleSink, procfs: string): void {
  const processors = (readIfThere(`${procfs}/stat`) ?? "").match(/^cpu\d+ /gm)?.length;
  if (processors !== undefined) sink.add(cores, processors);
  const total = numberAfter(readIfThere(`${procfs}/meminfo`) ?? "", "MemTotal:");
  if (total !== undefined) sink.add(hostMemory, total * 1_024);
}

/** One tick's look at all groups. */
class Look {
  readonly #options: ContainersConfig;
  readonly #roots: CgroupRoots;
  readonly #devices: BlockDevices;
  readonly #tick: Tick;
  readonly #hostNetwork: string | undefined;
  /** Containers that share a network (a pod): it is told of the one that was first there. */
  readonly #networks = new Map<string, { pid: number; sink: ContainerSink }>();
  #hidden = 0;

  constructor(options: ContainersConfig, roots: CgroupRoots, devices: BlockDevices, tick: Tick) {
    this.#options = options;
    this.#roots = roots;
    this.#devices = devices;
    this.#tick = tick;
    this.#hostNetwork = networkOf(options.procfs, 1) ?? networkOf(options.procfs, "self");
  }

  /** Of the root, which has no limits and no usage of memory in version 2. */
  host(sink: ContainerSink): void {
    this.#addFiles(sink, "");
    const memory = readIfThere(`${this.#options.procfs}/meminfo`) ?? "";
    const [total, free] = [numberAfter(memory, "MemTotal:"), numberAfter(memory, "MemFree:")];
    if (this.#roots.version === 2 && total !== undefined && free !== undefined)
      sink.add(families.memoryUsage, (total - free) * 1_024);
    sink.add(families.lastSeen, Math.floor(this.#tick.timestampMs / 1_000));
    addNetwork(sink, this.#options.procfs, 1);
  }

  at({ path, container }: FoundCgroup, sink: ContainerSink): void {
    const { procfs, process_details } = this.#options;
    this.#addFiles(sink, path);
    sink.add(families.lastSeen, Math.floor(this.#tick.timestampMs / 1_000));
    const pids = processesIn(this.#processFolder() + path);
    sink.add(families.processes, pids.length);
    const [first] = pids;
    if (first === undefined) return;
    sink.add(families.startTime, startOf(procfs, first));
    if (process_details) addDetails(sink, procfs, pids);
    if (container === undefined) return;
    const network = networkOf(procfs, first);
    if (network === undefined) this.#hidden += 1;
    else if (network !== this.#hostNetwork) {
      const known = this.#networks.get(network);
      if (known === undefined || first < known.pid)
        this.#networks.set(network, { pid: first, sink });
    }
  }

  end(): void {
    for (const { pid, sink } of this.#networks.values())
      addNetwork(sink, this.#options.procfs, pid);
    if (this.#hidden > 0)
      this.#tick.degraded(
        `network of ${this.#hidden} containers: no right (root or CAP_SYS_PTRACE)`,
      );
  }

  #addFiles(sink: ContainerSink, path: string): void {
    const roots = this.#roots;
    if (roots.version === 2) addVersion2(sink, roots.root + path, this.#devices);
    else addVersion1(sink, roots, path, this.#devices);
  }

  #processFolder(): string {
    const roots = this.#roots;
    if (roots.version === 2) return roots.root;
    return roots.of.memory ?? roots.of.cpuacct ?? roots.of.cpu ?? roots.of.pids ?? "";
  }
}
