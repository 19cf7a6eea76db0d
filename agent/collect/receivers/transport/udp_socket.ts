import { ptr } from "bun:ffi";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { loadedLibc } from "#shared/runtime/process/libc.ts";

/** Linux, on all that Bun runs on (uapi/asm-generic/socket.h). */
const [socketLevel, receiveBuffer, receiveBufferForce] = [1, 8, 33];
const duplicateCommand = 1_030;
const tables = ["/proc/self/net/udp", "/proc/self/net/udp6"];

/** A UDP socket of this process, as the kernel knows it (proc_pid_net(5)). */
export type UdpSocket = {
  readonly fd: number;
  /** Datagrams that had no room in its buffer, since it was opened. */
  drops(): number;
};

/** The socket of this process that is bound to the port; undefined where the kernel does not tell, as outside Linux. */
export function findUdpSocket(port: number): UdpSocket | undefined {
  try {
    const fds = socketsOfProcess();
    for (const table of tables)
      for (const row of rowsOf(table)) {
        const fd = fds.get(row.inode);
        if (fd === undefined || row.port !== port) continue;
        const { inode } = row;
        return { fd, drops: () => dropsOf(table, inode) };
      }
  } catch {
    // Without /proc there is nothing to be known.
  }
  return undefined;
}

/** As large as the kernel allows, up to `bytes`; it stays as it is where that can't be asked for. */
export function growReceiveBuffer(fd: number, bytes: number): void {
  const library = loadedLibc({
    setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  });
  if (library === undefined) return;
  const value = Int32Array.of(bytes);
  const set = (option: number) =>
    library.symbols.setsockopt(fd, socketLevel, option, ptr(value), value.byteLength);
  // The first is beyond net.core.rmem_max, and for a process that may set it.
  if (set(receiveBufferForce) !== 0) set(receiveBuffer);
  library.close();
}

/** Another descriptor of the same socket, which stands when the first is closed; undefined where there is none. */
export function duplicated(fd: number): number | undefined {
  const library = loadedLibc({ fcntl: { args: ["i32", "i32", "i32"], returns: "i32" } });
  if (library === undefined) return undefined;
  const copy = library.symbols.fcntl(fd, duplicateCommand, 0);
  library.close();
  return copy < 0 ? undefined : copy;
}

function dropsOf(table: string, inode: string): number {
  try {
    return rowsOf(table).find((row) => row.inode === inode)?.drops ?? 0;
  } catch {
    return 0;
  }
}

function rowsOf(table: string) {
  return readFileSync(table, "utf8")
    .split("\n")
    .slice(1)
    .map((line) => {
      const fields = line.trim().split(/\s+/);
      const port = Number.parseInt(fields[1]?.split(":")[1] ?? "", 16);
      return { port, inode: fields[9] ?? "", drops: Number(fields[12] ?? 0) };
    });
}

/** File descriptors by inode. */
function socketsOfProcess(): Map<string, number> {
  const fds = new Map<string, number>();
  for (const name of readdirSync("/proc/self/fd"))
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${name}`))?.[1];
      if (inode !== undefined) fds.set(inode, Number(name));
    } catch {
      // Closed since the folder was read.
    }
  return fds;
}
