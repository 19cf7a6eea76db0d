import { ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { loadedLibc } from "../../libc.ts";
import { openToWriters, removeOldSocket } from "./unix_path.ts";

/** Linux, on all that Bun runs on (uapi/linux/socket.h, asm-generic/fcntl.h). */
const [unixFamily, datagramType, closeOnExec, nonBlocking] = [1, 2, 0o2000000, 0o4000];
const duplicateCommand = 1_030;
/** sockaddr_un: the family in two bytes, and a path with a zero at its end. */
const pathStart = 2;

export type UnixDatagramServer = { stop(): void };

/**
 * Takes datagrams at a path. Bun has sockets of streams only, but adopts any descriptor as one, and then reads a datagram at a time; it
 * takes an empty one for the end, and the socket is then adopted again. Throws OperatingError("unavailable").
 */
export async function startUnixDatagramServer(
  path: string,
  take: (datagram: Buffer) => void,
): Promise<UnixDatagramServer> {
  try {
    removeOldSocket(path);
    const library = loadedLibc({
      socket: { args: ["i32", "i32", "i32"], returns: "i32" },
      bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
      fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    });
    if (library === undefined) throw new OperatingError("unavailable", "only Linux has them here");
    const { symbols } = library;
    const fd = symbols.socket(unixFamily, datagramType | closeOnExec | nonBlocking, 0);
    const address = Buffer.alloc(pathStart + Buffer.byteLength(path) + 1);
    address.writeUInt16LE(unixFamily, 0);
    address.write(path, pathStart);
    if (fd < 0 || symbols.bind(fd, ptr(address), address.length) !== 0) {
      if (fd >= 0) closeSync(fd);
      throw new OperatingError("unavailable", "the kernel refused the path");
    }
    openToWriters(path);
    const server = new AdoptedSocket(() => symbols.fcntl(fd, duplicateCommand, 0), take);
    await server.adopt();
    return {
      stop: () => {
        server.stop();
        closeSync(fd);
        removeOldSocket(path);
        library.close();
      },
    };
  } catch (cause) {
    const message = `cannot take datagrams at ${path} (${messageOf(cause)})`;
    throw new OperatingError("unavailable", message, { cause });
  }
}

type Adopted = { terminate(): void };
type Adopt = (options: {
  readonly fd: number;
  readonly socket: {
    readonly binaryType: "buffer";
    data(socket: Adopted, bytes: Buffer): void;
    close(): void;
  };
}) => Promise<Adopted>;
/** Bun's types describe the option `fd`, and have no overload with it. */
const adoptSocket: Adopt = (options) => Reflect.apply(Bun.connect, Bun, [options]);

class AdoptedSocket {
  readonly #duplicate: () => number;
  readonly #take: (datagram: Buffer) => void;
  #socket: Adopted | undefined;
  #isStopped = false;

  constructor(duplicate: () => number, take: (datagram: Buffer) => void) {
    this.#duplicate = duplicate;
    this.#take = take;
  }

  async adopt(): Promise<void> {
    this.#socket = await adoptSocket({
      fd: this.#duplicate(),
      socket: {
        binaryType: "buffer",
        data: (_, datagram) => this.#take(datagram),
        close: () => {
          if (!this.#isStopped) void this.adopt();
        },
      },
    });
    if (this.#isStopped) this.#socket.terminate();
  }

  stop(): void {
    this.#isStopped = true;
    this.#socket?.terminate();
  }
}
