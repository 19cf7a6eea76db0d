import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseListen } from "#shared/runtime/base_config.ts";
import { findUdpSocket, growReceiveBuffer } from "./udp_socket.ts";

export type DatagramSender = { readonly address: string; readonly port: number };
export type DatagramServer = {
  readonly port: number;
  send(bytes: Uint8Array, to: DatagramSender): void;
  /** Datagrams that the kernel had no room for since the last call. */
  newKernelDrops(): number;
  stop(): void;
};

/** Of small datagrams the kernel holds some 20,000 in it: a fifth of a second at 100,000 a second. */
const receiveBufferBytes = 16 * 1024 ** 2;

/** Takes datagrams over UDP; each is a buffer of its own. Throws OperatingError("unavailable") when the port is taken. */
export async function startDatagramServer(
  listen: string,
  take: (datagram: Buffer, from: DatagramSender) => void,
): Promise<DatagramServer> {
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
    let drops = 0;
    return {
      port: socket.port,
      send: (bytes, to) => void socket.send(bytes, to.port, to.address),
      newKernelDrops: () => {
        const before = drops;
        drops = Math.max(before, known?.drops() ?? 0);
        return drops - before;
      },
      stop: () => socket.close(),
    };
  } catch (cause) {
    const message = `cannot listen on ${listen} over UDP (${messageOf(cause)})`;
    throw new OperatingError("unavailable", message, { cause });
  }
}
