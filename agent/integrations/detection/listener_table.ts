import { closeSync, openSync, readSync, readdirSync, readlinkSync } from "node:fs";
import type { Listener } from "../host_view.ts";

const chunkBytes = 64 * 1_024;
/** Of one of the kernel's tables. */
const tableBytesMax = 1_024 * 1_024;
/** A table of TCP sockets is read at least so far; beyond it until the first that does not listen, since the kernel tells those that do first. */
const tcpBytesLeast = 256 * 1_024;
const listenersMax = 2_000;
/** Descriptors of one process that are looked at, the lowest first: sockets that listen are opened early. */
const descriptorsMax = 1_024;
/** States of include/net/tcp_states.h: TCP that listens, UDP without a peer. */
const [listening, unconnected] = ["0A", "07"];
/** Where the kernel takes ports from for those who do not care (ip(7): ip_local_port_range), unless told otherwise. */
export const ephemeralPortLeast = 32_768;
const acceptsConnections = 0x1_0000;
/** Types of include/linux/net.h. */
const datagramType = "0002";

/** With the kernel's number of the socket, which stays as long as the socket. */
export type KnownListener = Listener & { readonly inode: string };

/**
 * Sockets of this host that accept connections or datagrams, and whose they are where this process may know (proc(5): /proc/net/tcp and others,
 * /proc/PID/fd). Descriptors are read when a socket appears; those of processes that appear, too, while an owner is unknown.
 */
export class ListenerTable {
  readonly #proc: string;
  readonly #buffer = Buffer.allocUnsafe(chunkBytes);
  /** By inode; undefined where nobody was found that this process may look at. */
  #owners = new Map<string, number | undefined>();
  #pids: ReadonlySet<number> = new Set();

  constructor(proc: string) {
    this.#proc = proc;
  }

  /** As they are now. `pids`: all processes, ascending. */
  look(pids: readonly number[]): KnownListener[] {
    const found = [
      ...this.#inet("tcp", listening),
      ...this.#inet("tcp6", listening),
      ...this.#inet("udp", unconnected),
      ...this.#inet("udp6", unconnected),
      ...this.#unix(),
    ].slice(0, listenersMax);
    this.#findOwners(found, pids);
    return found.map((listener) => ({ ...listener, pid: this.#owners.get(listener.inode) }));
  }

  #findOwners(found: readonly KnownListener[], pids: readonly number[]): void {
    const alive = new Set(pids);
    const owners = new Map<string, number | undefined>();
    const isNew = new Set<string>();
    for (const { inode, protocol, port } of found) {
      const owner = this.#owners.get(inode);
      const isKnown = this.#owners.has(inode) && (owner === undefined || alive.has(owner));
      owners.set(inode, isKnown ? owner : undefined);
      // Sockets for a question to a name server come and go: they are not worth a search.
      if (!isKnown && (protocol !== "udp" || port < ephemeralPortLeast)) isNew.add(inode);
    }
    const appeared = pids.filter((pid) => !this.#pids.has(pid));
    const open = new Set(
      [...owners].flatMap(([inode, owner]) =>
        !isNew.has(inode) && (owner === undefined || owner === 1) ? inode : [],
      ),
    );
    this.#search(open, appeared, owners);
    // The first process holds the sockets of services that it starts on demand: others go first.
    this.#search(isNew, [...pids.filter((pid) => pid !== 1), 1], owners);
    this.#owners = owners;
    this.#pids = alive;
  }

  /** Gives each of the sockets to the first process that holds it. */
  #search(
    wanted: Set<string>,
    pids: readonly number[],
    owners: Map<string, number | undefined>,
  ): void {
    for (const pid of pids) {
      if (wanted.size === 0) return;
      for (const inode of this.#socketsOf(pid)) if (wanted.delete(inode)) owners.set(inode, pid);
    }
  }

  #socketsOf(pid: number): string[] {
    const folder = `${this.#proc}/${pid}/fd`;
    try {
      return readdirSync(folder)
        .slice(0, descriptorsMax)
        .flatMap((name) => socketOf(`${folder}/${name}`) ?? []);
    } catch {
      // Another user's, or gone.
      return [];
    }
  }

  /** Columns: number, local address, remote address, state, queues, timers, retransmits, uid, timeout, inode. */
  #inet(table: "tcp" | "tcp6" | "udp" | "udp6", wanted: string): KnownListener[] {
    const found: KnownListener[] = [];
    const protocol = table.startsWith("tcp") ? "tcp" : "udp";
    this.#eachLine(table, (line, bytes) => {
      const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/, 10);
      if (state === wanted && inode !== undefined && inode !== "0") {
        const colon = local.indexOf(":");
        const host = addressOf(local.slice(0, colon));
        const port = Number.parseInt(local.slice(colon + 1), 16);
        found.push({ protocol, host, port, path: "", pid: undefined, inode });
      }
      return state === wanted || bytes < tcpBytesLeast || protocol === "udp";
    });
    return found;
  }

  /** Columns: address, references, protocol, flags, type, state, inode, path. */
  #unix(): KnownListener[] {
    const found: KnownListener[] = [];
    this.#eachLine("unix", (line) => {
      const slash = line.indexOf(" /");
      if (slash < 0) return true;
      const [, , , flags = "", type, , inode] = line.slice(0, slash).split(/\s+/, 7);
      const accepts = (Number.parseInt(flags, 16) & acceptsConnections) !== 0;
      if ((accepts || type === datagramType) && inode !== undefined)
        found.push({
          protocol: "unix",
          host: "",
          port: 0,
          path: line.slice(slash + 1),
          pid: undefined,
          inode,
        });
      return true;
    });
    return found;
  }

  /** Lines after the first, with the bytes before them, until `visit` gives false or the table is over. */
  #eachLine(table: string, visit: (line: string, bytes: number) => boolean): void {
    let file: number | undefined;
    try {
      file = openSync(`${this.#proc}/net/${table}`, "r");
      let rest = "";
      let isFirst = true;
      for (let bytes = 0; bytes < tableBytesMax;) {
        const count = readSync(file, this.#buffer, 0, chunkBytes, null);
        if (count === 0) return;
        const lines = (rest + this.#buffer.toString("utf8", 0, count)).split("\n");
        rest = lines.pop() ?? "";
        if (isFirst) lines.shift();
        isFirst = false;
        bytes += count;
        for (const line of lines) if (!visit(line, bytes)) return;
      }
    } catch {
      // No such protocol in this kernel.
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }
}

function socketOf(path: string): string | undefined {
  try {
    const link = readlinkSync(path);
    return link.startsWith("socket:[") ? link.slice(8, -1) : undefined;
  } catch {
    return undefined;
  }
}

/** Words of 32 bits, each with its lowest byte first, in hexadecimal digits. */
function addressOf(digits: string): string {
  const bytes = Buffer.from(digits, "hex");
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  // IPv4 in IPv6: how a server that knows both tells that it listens on one address of the former.
  if (groups.slice(0, 6).join() === "0,0,0,0,0,ffff") return bytes.subarray(12).join(".");
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
