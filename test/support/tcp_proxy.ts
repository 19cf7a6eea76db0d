import type { Server, Socket } from "node:net";
import { connect, createServer } from "node:net";

/** A TCP forwarder on a port of its own, so that a test can cut connections that neither end wanted to end. */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  static async start(targetPort: number): Promise<TcpProxy> {
    const listening = Promise.withResolvers<void>();
    const sockets = new Set<Socket>();
    let proxy: TcpProxy | undefined = undefined;
    const server = createServer((near) => {
      if (proxy?.isCut === true) return void near.destroy();
      const far = connect(targetPort, "127.0.0.1");
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    server.listen(0, "127.0.0.1", listening.resolve);
    await listening.promise;
    proxy = new TcpProxy(server, sockets);
    return proxy;
  }

  private constructor(server: Server, sockets: Set<Socket>) {
    this.port = portOf(server);
    this.#server = server;
    this.#sockets = sockets;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** Ends all connections at once, and refuses new ones until mend(). */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async stop(): Promise<void> {
    this.cut();
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    await closed.promise;
  }
}

/** The port of a TCP server that listens. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}
