import { accessSync, constants } from "node:fs";
import { open } from "node:fs/promises";
import type { Clock } from "#shared/runtime/clock.ts";
import { activeUnits } from "./active_units.ts";
import { Answers } from "./answers.ts";
import type { HostView } from "../host_view.ts";
import { type KnownListener, ListenerTable } from "./listener_table.ts";
import { ProcessTable } from "./process_table.ts";

const fileBytesMax = 64 * 1_024;
const pathsMax = 100;
/** Paths that a glob finds before they are sorted; what comes after them is not seen. */
const pathsSeenMax = 1_000;

/** What detection knows of a service's place beyond what integrations are shown. */
export type HostLook = HostView & {
  readonly listeners: readonly KnownListener[];
  isInContainer(pid: number): boolean;
  /** The unit of systemd that the process belongs to. */
  serviceOf(pid: number): string | undefined;
};

/** This host, looked at again and again: what did not change since the last look is not read again. */
export class Host {
  readonly #processes: ProcessTable;
  readonly #listeners: ListenerTable;
  readonly #answers: Answers;
  readonly #sys: string;

  constructor(clock: Clock, { proc = "/proc", sys = "/sys" } = {}) {
    this.#processes = new ProcessTable(proc);
    this.#listeners = new ListenerTable(proc);
    this.#answers = new Answers(clock);
    this.#sys = sys;
  }

  look(): HostLook {
    const processes = this.#processes.look();
    const listeners = this.#listeners.look(processes.map(({ pid }) => pid));
    const answers = this.#answers;
    answers.begin(placesOf(listeners));
    return {
      processes,
      listeners,
      units: activeUnits(this.#sys),
      exists: isReadable,
      read: readBeginning,
      glob: findPaths,
      get: (url, options) => answers.get(url, options),
      ask: (address, bytes) => answers.ask(address, bytes),
      isInContainer: (pid) => this.#processes.isInContainer(pid),
      serviceOf: (pid) => this.#processes.serviceOf(pid),
    };
  }
}

function placesOf(
  listeners: readonly KnownListener[],
): (place: number | string) => string | undefined {
  const places = new Map<number | string, string>();
  for (const { protocol, port, path, inode } of listeners) {
    const place = protocol === "unix" ? path : port;
    if (protocol !== "udp") places.set(place, `${places.get(place) ?? ""} ${inode}`);
  }
  return (place) => places.get(place);
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Regular files only; through the pool of threads, because a disk of the network may be gone. */
async function readBeginning(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!(await file.stat()).isFile()) return undefined;
    const { bytesRead, buffer } = await file.read(Buffer.alloc(fileBytesMax), 0, fileBytesMax, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } catch {
    return undefined;
  }
}

async function findPaths(pattern: string): Promise<readonly string[]> {
  const found: string[] = [];
  const slash = pattern.slice(0, pattern.search(/[*?[\]{}!]|$/)).lastIndexOf("/");
  const cwd = pattern.slice(0, Math.max(slash, 0)) || "/";
  try {
    const glob = new Bun.Glob(pattern.slice(slash + 1));
    for await (const path of glob.scan({ cwd, absolute: true, onlyFiles: false })) {
      found.push(path);
      if (found.length >= pathsSeenMax) break;
    }
  } catch {
    // The folder is not there, or can't be listed.
  }
  return found.toSorted().slice(0, pathsMax);
}
