import { ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { loadedLibc } from "#shared/runtime/process/libc.ts";
import { type DatagramReader, type TakeDatagram, readDatagrams } from "./adopted_datagrams.ts";
import { openToWriters, removeOldSocket } from "./unix_path.ts";

/** Linux, on all that Bun runs on (uapi/linux/socket.h, asm-generic/fcntl.h). */
const [unixFamily, datagramType, closeOnExec, nonBlocking] = [1, 2, 0o2000000, 0o4000];
/** sockaddr_un: the family in two bytes, and a path with a zero at its end. */
const pathStart = 2;

/** Takes datagrams at a path; Linux only. Throws OperatingError("unavailable"). */
export async function startUnixDatagramServer(
  path: string,
  take: TakeDatagram,
): Promise<DatagramReader> {
  try {
    removeOldSocket(path);
    const fd = bound(path);
    openToWriters(path);
    const reader = await readDatagrams(fd, take);
    return {
      stop: () => {
        reader?.stop();
        removeOldSocket(path);
      },
    };
  } catch (cause) {
    const message = `cannot take datagrams at ${path} (${messageOf(cause)})`;
    throw new OperatingError("unavailable", message, { cause });
  }
}

/** The descriptor of a new socket at the path. */
function bound(path: string): number {
  const library = loadedLibc({
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  });
  if (library === undefined) throw new OperatingError("unavailable", "only Linux has them here");
  const { symbols } = library;
  const fd = symbols.socket(unixFamily, datagramType | closeOnExec | nonBlocking, 0);
  const address = Buffer.alloc(pathStart + Buffer.byteLength(path) + 1);
  address.writeUInt16LE(unixFamily, 0);
  address.write(path, pathStart);
  const isBound = fd >= 0 && symbols.bind(fd, ptr(address), address.length) === 0;
  library.close();
  if (isBound) return fd;
  if (fd >= 0) closeSync(fd);
  throw new OperatingError("unavailable", "the kernel refused the path");
}
