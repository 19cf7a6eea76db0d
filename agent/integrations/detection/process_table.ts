import { closeSync, openSync, readSync, readdirSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import type { HostProcess } from "../host_view.ts";

/** More than any host runs that is not in trouble; the rest is not looked at. */
const processesMax = 4_096;
const commandBytesMax = 32 * 1_024;
/** Of one argument: class paths are long, and what comes after them is what tells a service. */
const argumentLengthMax = 1_024;
/** PF_KTHREAD of the kernel's flags (include/linux/sched.h). */
const kernelThreadFlag = 0x0020_0000;
/** Folders of control groups that container runtimes make: Docker, containerd, Kubernetes, Podman, CRI-O, LXC, systemd-nspawn. */
const containerGroup =
  /[/-](docker|cri-containerd|containerd|kubepods|libpod|crio|lxc|machine)[-./]/;

/** Of this process itself, to compare others with. */
type Own = { readonly network: string | undefined; readonly container: string };

type Known = {
  readonly process: HostProcess | undefined;
  readonly startTicks: string;
  readonly command: string;
  /** Read a second time: a process that was just forked may have been about to become another. */
  readonly isSettled: boolean;
};

/**
 * The processes of this host, those of the kernel aside. A round reads one small file of each (proc(5): /proc/PID/stat); the rest is
 * kept as long as pid, start time and command are the same.
 */
export class ProcessTable {
  readonly #proc: string;
  readonly #buffer = Buffer.allocUnsafe(commandBytesMax);
  #known = new Map<number, Known>();

  constructor(proc: string) {
    this.#proc = proc;
  }

  /** As they are now, the lowest pid first. */
  look(): HostProcess[] {
    const pids = this.#pids();
    const next = new Map<number, Known>();
    const processes: HostProcess[] = [];
    const own = this.#own();
    for (const pid of pids) {
      const known = this.#see(pid, own);
      if (known === undefined) continue;
      next.set(pid, known);
      if (known.process !== undefined) processes.push(known.process);
    }
    this.#known = next;
    return processes;
  }

  /** Whether it lives in a container that this process does not live in; asked of few. */
  isInContainer(pid: number): boolean {
    const container = containerOf(this.#text(`${pid}/cgroup`));
    return container !== "" && container !== containerOf(this.#text("self/cgroup"));
  }

  /** The unit of systemd that it belongs to; undefined where it belongs to none. */
  serviceOf(pid: number): string | undefined {
    return /\/([^/\n]+\.service)$/m.exec(this.#text(`${pid}/cgroup`))?.[1];
  }

  #pids(): number[] {
    const pids = readdirSync(this.#proc).flatMap((name) =>
      /^\d+$/.test(name) ? Number(name) : [],
    );
    return pids.toSorted((a, b) => a - b).slice(0, processesMax);
  }

  #own(): Own {
    return {
      network: this.#link("self/ns/net"),
      container: containerOf(this.#text("self/cgroup")),
    };
  }

  /** Undefined where it is gone, or waits to be let go. */
  #see(pid: number, own: Own): Known | undefined {
    const stat = this.#text(`${pid}/stat`);
    const end = stat.lastIndexOf(")");
    // "pid (command) state ppid ...": flags are the 9th field, the start time is the 22nd.
    const fields = stat.slice(end + 2).split(" ", 20);
    const [state, flags, startTicks] = [fields[0], Number(fields[6]), fields[19]];
    if (end < 0 || startTicks === undefined || state === "Z" || state === "X") return undefined;
    const command = stat.slice(stat.indexOf("(") + 1, end);
    const before = this.#known.get(pid);
    const isSame = before?.startTicks === startTicks && before.command === command;
    if (isSame && before.isSettled) return before;
    const isKernels = (flags & kernelThreadFlag) !== 0;
    const process = isKernels ? undefined : this.#read(pid, command, own);
    return { process, startTicks, command, isSettled: isSame || isKernels };
  }

  #read(pid: number, name: string, own: Own): HostProcess {
    const args = this.#text(`${pid}/cmdline`)
      .replace(/\0+$/, "")
      .split("\0")
      .map((arg) => arg.slice(0, argumentLengthMax));
    const link = this.#link(`${pid}/exe`)?.replace(/ \(deleted\)$/, "");
    const network = this.#link(`${pid}/ns/net`);
    const ownNetwork =
      network === undefined || own.network === undefined
        ? this.#hasOtherContainer(pid, own.container)
        : network !== own.network;
    return { pid, name, executable: basename(link ?? args[0] ?? ""), args, ownNetwork };
  }

  /** Where the network can't be told, being in a container means to have one of its own. */
  #hasOtherContainer(pid: number, own: string): boolean {
    const container = containerOf(this.#text(`${pid}/cgroup`));
    return container !== "" && container !== own;
  }

  #link(path: string): string | undefined {
    try {
      return readlinkSync(join(this.#proc, path));
    } catch {
      // Of another user's process, or gone in between.
      return undefined;
    }
  }

  /** Up to 32 KiB; empty where it cannot be read. */
  #text(path: string): string {
    let file: number | undefined;
    try {
      file = openSync(`${this.#proc}/${path}`, "r");
      return this.#buffer.toString("utf8", 0, readSync(file, this.#buffer, 0, commandBytesMax, 0));
    } catch {
      return "";
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }
}

/** The part of /proc/PID/cgroup that names a container; empty where there is none. */
function containerOf(groups: string): string {
  return groups.split("\n").find((line) => containerGroup.test(line)) ?? "";
}
