import { closeSync } from "node:fs";
import { loadedLibc } from "#shared/runtime/process/libc.ts";

/** Datagrams in one turn of the loop; then others have theirs, however many datagrams there are. */
const datagramsPerTurn = 256;
/** Linux, on all that Bun runs on (uapi/linux/socket.h, asm-generic/fcntl.h). */
const [inetFamily, datagramType, closeOnExec, nonBlocking] = [2, 2, 0o2000000, 0o4000];
const duplicateCommand = 1_030;

export type DatagramTurns = {
  /** To be called after each datagram that was taken. */
  taken(): void;
  /** To be called before the socket is closed. */
  restore(): void;
  /** To be called after it was closed. */
  stop(): void;
};

/**
 * Bun's UDP sockets read on as long as there is something, so that a flood stops everything else of the process. After so many datagrams its descriptor is made
 * one of a socket to which nothing comes, which ends that; in the next turn of the loop it is what it was. The loop waits for the socket itself,
 * not for the number of its descriptor (epoll(7)), and so is not disturbed. Where the sender's address is not needed, adopted_datagrams.ts is cheaper. Undefined outside Linux.
 */
export function datagramTurns(fd: number): DatagramTurns | undefined {
  const library = loadedLibc({
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    dup3: { args: ["i32", "i32", "i32"], returns: "i32" },
  });
  if (library === undefined) return undefined;
  const { symbols } = library;
  const real = symbols.fcntl(fd, duplicateCommand, 0);
  const empty = symbols.socket(inetFamily, datagramType | closeOnExec | nonBlocking, 0);
  const put = (socket: number): void => void symbols.dup3(socket, fd, closeOnExec);
  const isUsable = real >= 0 && empty >= 0;
  let inTurn = 0;
  let isStopped = false;
  const nextTurn = (): void => {
    if (inTurn >= datagramsPerTurn && !isStopped) put(real);
    inTurn = 0;
  };
  return {
    taken: () => {
      if (!isUsable || isStopped) return;
      if (inTurn++ === 0) setImmediate(nextTurn);
      if (inTurn === datagramsPerTurn) put(empty);
    },
    restore: () => {
      if (inTurn >= datagramsPerTurn) put(real);
      isStopped = true;
    },
    stop: () => {
      for (const each of [real, empty]) if (each >= 0) closeSync(each);
      library.close();
    },
  };
}
