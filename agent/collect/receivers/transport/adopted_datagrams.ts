import { ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { loadedLibc } from "#shared/runtime/process/libc.ts";

/** Bytes [start, end) are a datagram until the call returns. */
export type TakeDatagram = (bytes: Buffer, start: number, end: number) => void;
export type DatagramReader = { stop(): void };

/** One more than UDP can carry. */
const datagramBytes = 65_536;
const batchDatagrams = 64;
/** Batches in one turn of the loop; then others have theirs, however many datagrams there are. */
const batchesPerTurn = 4;
/** Linux, on all that Bun runs on (uapi/linux/fcntl.h, linux/socket.h). */
const [duplicateCommand, dontWait] = [1_030, 0x40];
/** struct mmsghdr and struct iovec of 64 bits (recvmmsg(2)): where the vector, its length and the datagram's length stand. */
const [headBytes, vectorAt, vectorLengthAt, lengthAt, vectorBytes] = [64, 16, 24, 56, 16];

/**
 * Reads a bound socket of datagrams, which it closes at its end. Bun's own UDP sockets read on as long as there is something, so a flood stops everything else of
 * the process; and there are none for Unix sockets. Bun adopts any descriptor as a stream's, wakes up and reads one datagram; the
 * others of that turn are read here, into memory that is used again. An empty datagram is the end of a stream to it, so it then adopts
 * the socket again. Undefined outside Linux.
 */
export async function readDatagrams(
  fd: number,
  take: TakeDatagram,
): Promise<DatagramReader | undefined> {
  const library = loadedLibc({
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    recvmmsg: { args: ["i32", "ptr", "u32", "i32", "ptr"], returns: "i32" },
  });
  if (library === undefined) return undefined;
  const { symbols } = library;
  const bytes = Buffer.allocUnsafeSlow(batchDatagrams * datagramBytes);
  const [heads, vectors] = headsFor(bytes);
  const rest = (): void => {
    for (let batch = 0; batch < batchesPerTurn; batch++) {
      const count = symbols.recvmmsg(fd, ptr(heads), batchDatagrams, dontWait, null);
      for (let i = 0; i < count; i++) {
        const start = i * datagramBytes;
        take(bytes, start, start + heads.getUint32(i * headBytes + lengthAt, true));
      }
      if (count < batchDatagrams) return;
    }
  };
  const adopted = new AdoptedSocket(
    () => symbols.fcntl(fd, duplicateCommand, 0),
    (datagram) => {
      take(datagram, 0, datagram.length);
      rest();
    },
  );
  await adopted.adopt();
  return {
    stop: () => {
      rest();
      adopted.stop();
      closeSync(fd);
      library.close();
      // Only the kernel knew of them.
      vectors.setUint8(0, 0);
    },
  };
}

/** Heads of messages, each for the next 64 KiB of `bytes`, and the vectors that they point to. */
function headsFor(bytes: Buffer): readonly [DataView, DataView] {
  const heads = new DataView(new ArrayBuffer(batchDatagrams * headBytes));
  const vectors = new DataView(new ArrayBuffer(batchDatagrams * vectorBytes));
  for (let i = 0; i < batchDatagrams; i++) {
    vectors.setBigUint64(i * vectorBytes, BigInt(ptr(bytes)) + BigInt(i * datagramBytes), true);
    vectors.setBigUint64(i * vectorBytes + 8, BigInt(datagramBytes), true);
    const vector = BigInt(ptr(vectors)) + BigInt(i * vectorBytes);
    heads.setBigUint64(i * headBytes + vectorAt, vector, true);
    heads.setBigUint64(i * headBytes + vectorLengthAt, 1n, true);
  }
  return [heads, vectors];
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
        data: (_, datagram) => {
          if (!this.#isStopped) this.#take(datagram);
        },
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
