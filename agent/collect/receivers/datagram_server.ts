import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseListen } from "#shared/runtime/base_config.ts";

export type DatagramSender = { readonly address: string; readonly port: number };
export type DatagramServer = {
  readonly port: number;
  send(bytes: Uint8Array, to: DatagramSender): void;
  stop(): void;
};

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
    return {
      port: socket.port,
      send: (bytes, to) => void socket.send(bytes, to.port, to.address),
      stop: () => socket.close(),
    };
  } catch (cause) {
    const message = `cannot listen on ${listen} over UDP (${messageOf(cause)})`;
    throw new OperatingError("unavailable", message, { cause });
  }
}
