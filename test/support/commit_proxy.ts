import type { Server, Socket } from "node:net";
import { connect, createServer } from "node:net";
import { portOf } from "./tcp_proxy.ts";

/** Which transaction loses its connection, and how long the server waits for its COMMIT after that. */
type Loss = { readonly after: string; readonly delayMs: number };

type PairState = { isMet: boolean; isLost: boolean };

/**
 * Stands before a PostgreSQL server and cuts a connection at the COMMIT of a transaction: the client never learns what became of it, and
 * the server gets the COMMIT all the same, some time later.
 */
export class CommitProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  #loss: Loss | undefined;
  /** Transactions that lost their connection. */
  lost = 0;

  static async start(targetPort: number): Promise<CommitProxy> {
    const listening = Promise.withResolvers<void>();
    const sockets = new Set<Socket>();
    let proxy: CommitProxy | undefined = undefined;
    const server = createServer((near) => {
      const far = connect(targetPort, "127.0.0.1");
      const state = { isMet: false, isLost: false };
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on("error", () => {});
      }
      far.on("data", (bytes) => void near.write(bytes));
      far.on("close", () => near.destroy());
      near.on("data", (bytes) => proxy?.pass(Buffer.from(bytes), near, far, state));
      near.on("close", () => {
        if (!state.isLost) far.destroy();
      });
    });
    server.listen(0, "127.0.0.1", listening.resolve);
    await listening.promise;
    proxy = new CommitProxy(server, sockets);
    return proxy;
  }

  private constructor(server: Server, sockets: Set<Socket>) {
    this.port = portOf(server);
    this.#server = server;
    this.#sockets = sockets;
  }

  /** The next COMMIT on a connection that has sent `after` since then is cut off. */
  arm(loss: Loss): void {
    this.#loss = loss;
  }

  pass(bytes: Buffer, near: Socket, far: Socket, state: PairState): void {
    const loss = this.#loss;
    const text = bytes.toString("latin1");
    if (loss !== undefined && text.includes(loss.after)) state.isMet = true;
    if (loss === undefined || !state.isMet || !text.includes("COMMIT")) {
      far.write(bytes);
      return;
    }
    this.#loss = undefined;
    this.lost += 1;
    state.isLost = true;
    near.destroy();
    setTimeout(() => far.write(bytes), loss.delayMs);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    await closed.promise;
  }
}
