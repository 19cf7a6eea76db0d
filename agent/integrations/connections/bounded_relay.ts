import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { SocketAddress } from "../host_view.ts";

/**
 * A connection to a server for a client library that puts no bound to what it takes: the client connects here instead, and what the server sends is counted on
 * its way. It is of the kind of the server's own, a Unix socket for a Unix socket (where a server trusts the user of a process, nobody else gets in by it: the
 * socket stands in a folder of ours, and goes with the first client), TCP for TCP (so that TLS is spoken from end to end).
 */
export class BoundedRelay {
  /** Where the one client is let in. */
  readonly address: SocketAddress;
  readonly #upstream: Socket;
  readonly #server: Server;
  readonly #folder: string | undefined;
  readonly #bytesMax: number;
  #left: number;
  #client: Socket | undefined;
  #error: OperatingError | undefined;

  /** Throws OperatingError: "unavailable" where nobody listens, "timeout" after an abort. */
  static async open(
    to: SocketAddress,
    bytesMax: number,
    signal: AbortSignal,
  ): Promise<BoundedRelay> {
    signal.throwIfAborted();
    const upstream = connect("path" in to ? to : { ...to, noDelay: true });
    const server = createServer({ noDelay: true });
    const folder = "path" in to ? ownFolder() : undefined;
    const abort = (): void => void upstream.destroy();
    signal.addEventListener("abort", abort, { once: true });
    try {
      await opened(upstream, "connect");
      server.listen(
        folder === undefined ? { host: "127.0.0.1", port: 0 } : { path: join(folder, "socket") },
      );
      await opened(server, "listening");
    } catch (thrown) {
      upstream.destroy();
      server.close();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
      if (signal.aborted) throw new OperatingError("timeout", "no answer in time");
      throw new OperatingError("unavailable", messageOf(thrown));
    } finally {
      signal.removeEventListener("abort", abort);
    }
    return new BoundedRelay(upstream, server, folder, bytesMax);
  }

  private constructor(
    upstream: Socket,
    server: Server,
    folder: string | undefined,
    bytesMax: number,
  ) {
    this.#upstream = upstream;
    this.#server = server;
    this.#folder = folder;
    this.#bytesMax = bytesMax;
    this.#left = bytesMax;
    this.address = addressOf(server);
    upstream.pause();
    upstream.on("error", (thrown) => this.#fail("unavailable", messageOf(thrown)));
    upstream.on("close", () => this.#client?.end());
    server.on("connection", (client) => this.#join(client));
    server.on("error", (thrown) => this.#fail("unavailable", messageOf(thrown)));
  }

  /** Why the connection was cut, where it was cut here or below. */
  get error(): OperatingError | undefined {
    return this.#error;
  }

  /** From here on the server may send `bytesMax` again. */
  renew(): void {
    this.#left = this.#bytesMax;
  }

  close(): void {
    this.#client?.destroy();
    this.#upstream.destroy();
    this.#stopListening();
  }

  #join(client: Socket): void {
    if (this.#client !== undefined) {
      client.destroy();
      return;
    }
    this.#client = client;
    this.#stopListening();
    client.on("error", () => this.#upstream.destroy());
    client.on("close", () => this.#upstream.destroy());
    client.on("drain", () => void this.#upstream.resume());
    client.pipe(this.#upstream);
    this.#upstream.on("data", (bytes: Buffer) => this.#pass(bytes, client));
    if (this.#upstream.destroyed) client.end();
    else this.#upstream.resume();
  }

  #pass(bytes: Buffer, client: Socket): void {
    this.#left -= bytes.length;
    if (this.#left < 0)
      this.#fail("corrupt", `an answer of more than ${this.#bytesMax / 1_024 ** 2} MiB`);
    else if (!client.write(bytes)) this.#upstream.pause();
  }

  #fail(code: "corrupt" | "unavailable", message: string): void {
    this.#error ??= new OperatingError(code, message);
    this.close();
  }

  #stopListening(): void {
    this.#server.close();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "lapwing-relay-"));
  chmodSync(folder, 0o700);
  return folder;
}

function opened(of: Socket | Server, event: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  of.once(event, () => resolve());
  of.once("error", reject);
  of.once("close", () => reject(new Error("the connection was closed")));
  return promise.finally(() => of.removeListener("error", reject));
}

function addressOf(server: Server): SocketAddress {
  const at: AddressInfo | string | null = server.address();
  if (typeof at === "string") return { path: at };
  return { host: "127.0.0.1", port: at?.port ?? 0 };
}
