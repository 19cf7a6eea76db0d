import { z } from "zod";

/** One end of a WebSocket, from the upgrade to its close. Calls after the close do nothing. */
export type Socket = {
  /** Sends a text frame, or lets it wait where the client does not read: see bufferedBytes(). */
  send(text: string): void;
  /** Of what was sent and the client has not read. */
  bufferedBytes(): number;
  ping(): void;
  /** Reasons are cut to the 123 bytes that a close frame has for them (RFC 6455, 5.5). */
  close(code: number, reason: string): void;
};

/** What a WebSocket is connected to. */
export type SocketPeer = {
  opened(socket: Socket): void;
  /** The client has read all that waited. */
  drained(): void;
  closed(): void;
};

type BunSocket = {
  send(text: string): number;
  getBufferedAmount(): number;
  ping(): number;
  close(code: number, reason: string): void;
  readonly data: SocketPeer;
};

const reasonBytesMax = 123;
/** What clients may send: nothing of it is looked at. */
const payloadBytesMax = 64 * 1_024;
/** Two missed pings and more: clients that are gone are noticed. */
const idleTimeoutSeconds = 60;

/** Bun.serve's `websocket`: everything goes to the peer that the upgrade was given. */
export const socketHandlers = {
  maxPayloadLength: payloadBytesMax,
  idleTimeout: idleTimeoutSeconds,
  open: (socket: BunSocket) => socket.data.opened(socketOf(socket)),
  message: () => {},
  drain: (socket: BunSocket) => socket.data.drained(),
  close: (socket: BunSocket) => socket.data.closed(),
};

type Upgrade = (request: Request, options: { data: SocketPeer }) => boolean;
const Server = z.object({
  upgrade: z.custom<Upgrade>((value) => typeof value === "function"),
});

/**
 * Makes a WebSocket of a request that asks for one, by the server that Lifecycle lends to routes as `env.server`. False where
 * the request does not ask; where true, what the route answers is not looked at.
 */
export function upgraded(request: Request, env: unknown, peer: SocketPeer): boolean {
  const server = typeof env === "object" && env !== null && "server" in env ? env.server : {};
  const checked = Server.safeParse(server);
  return checked.success && checked.data.upgrade.call(server, request, { data: peer });
}

function socketOf(socket: BunSocket): Socket {
  return {
    send: (text) => void socket.send(text),
    bufferedBytes: () => socket.getBufferedAmount(),
    ping: () => void socket.ping(),
    close: (code, reason) => socket.close(code, cut(reason)),
  };
}

function cut(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.length <= reasonBytesMax) return reason;
  // Without the half of a character at the end.
  return bytes
    .subarray(0, reasonBytesMax)
    .toString("utf8")
    .replace(/\uFFFD+$/, "");
}
