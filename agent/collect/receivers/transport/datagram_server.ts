import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseListen } from "#shared/runtime/config/base_config.ts";
import { type TakeDatagram, readDatagrams } from "./adopted_datagrams.ts";
import { type DatagramTurns, datagramTurns } from "./datagram_turns.ts";
import { type UdpSocket, duplicated, findUdpSocket, growReceiveBuffer } from "./udp_socket.ts";

export type DatagramSender = { readonly address: string; readonly port: number };
export type DatagramServer = {
  readonly port: number;
  send(bytes: Uint8Array, to: DatagramSender): void;
  stop(): void;
};

/** Of small datagrams the kernel holds some 20,000 in it: a fifth of a second at 100,000 a second. */
const receiveBufferBytes = 16 * 1024 ** 2;
/** How often the kernel is asked what it dropped. */
const askEveryMs = 10_000;

/**
 * Takes datagrams over UDP; each is a buffer of its own. However many come, other work of the process has its turn in between (datagram_turns.ts). `onLost` is told how many the kernel had no room for, where it says so. Throws OperatingError("unavailable")
 * when the port is taken.
 */
export async function startDatagramServer(
  listen: string,
  take: (datagram: Buffer, from: DatagramSender) => void,
  onLost: (datagrams: number) => void,
): Promise<DatagramServer> {
  let turns: DatagramTurns | undefined;
  const socket = await boundSocket(listen, (datagram, from) => {
    take(datagram, from);
    turns?.taken();
  });
  const known = findUdpSocket(socket.port);
  turns = known && datagramTurns(known.fd);
  const stopAsking = askForLost(known, onLost);
  return {
    port: socket.port,
    send: (bytes, to) => void socket.send(bytes, to.port, to.address),
    stop: () => {
      stopAsking();
      turns?.restore();
      socket.close();
      turns?.stop();
    },
  };
}

/** The same, and cheaper, for those who need no sender's address (adopted_datagrams.ts). */
export async function startFloodServer(
  listen: string,
  take: TakeDatagram,
  onLost: (datagrams: number) => void,
): Promise<Omit<DatagramServer, "send">> {
  const socket = await boundSocket(listen, (datagram) => take(datagram, 0, datagram.length));
  const { port } = socket;
  const known = findUdpSocket(port);
  const fd = known && duplicated(known.fd);
  const reader = fd === undefined ? undefined : await readDatagrams(fd, take);
  const stopAsking = askForLost(known, onLost);
  // What it is bound to stays with the copy.
  if (reader !== undefined) socket.close();
  return {
    port,
    stop: () => {
      stopAsking();
      if (reader === undefined) socket.close();
      else reader.stop();
    },
  };
}

/** Asks now and then, and at the end. */
function askForLost(known: UdpSocket | undefined, onLost: (datagrams: number) => void): () => void {
  if (known === undefined) return () => {};
  let drops = 0;
  const ask = (): void => {
    const now = known.drops();
    if (now > drops) onLost(now - drops);
    drops = Math.max(drops, now);
  };
  const asking = setInterval(ask, askEveryMs);
  return () => {
    clearInterval(asking);
    ask();
  };
}

async function boundSocket(listen: string, take: (datagram: Buffer, from: DatagramSender) => void) {
  const { hostname, port } = parseListen(listen);
  try {
    const socket = await Bun.udpSocket({
      hostname,
      port,
      binaryType: "buffer",
      socket: { data: (_, datagram, from, address) => take(datagram, { address, port: from }) },
    });
    const known = findUdpSocket(socket.port);
    if (known !== undefined) growReceiveBuffer(known.fd, receiveBufferBytes);
    return socket;
  } catch (cause) {
    const message = `cannot listen on ${listen} over UDP (${messageOf(cause)})`;
    throw new OperatingError("unavailable", message, { cause });
  }
}
