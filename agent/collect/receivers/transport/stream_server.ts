import { type Server, type Socket, createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { WorkTurns } from "#shared/async/work_turns.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseListen } from "#shared/runtime/config/base_config.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { RepeatedWarning } from "#shared/runtime/repeated_warning.ts";
import type { ConnectionRefusal, ReceiverOutput } from "../receiver_output.ts";
import type { ServerTls } from "./server_tls.ts";
import { openToWriters, removeOldSocket } from "./unix_path.ts";

export type StreamServer = { readonly port: number; stop(): Promise<void> };

/** A connection that must end, and why; what came before it stands. */
export class ConnectionFault extends OperatingError {
  readonly reason: ConnectionRefusal;

  constructor(reason: ConnectionRefusal, message: string) {
    super("bad_request", message);
    this.reason = reason;
  }
}

/** What finds messages among the bytes of a connection. */
type Framing = {
  /** Throws OperatingError("overloaded") when the receivers hold too much. */
  push(chunk: Uint8Array): void;
  /** Nothing more comes. */
  end(): void;
};

/** What a framing is handed at once: messages of two bytes in it take some 40 ms. */
const pieceBytes = 32 * 1024;
/** All connections together work so long in one turn of the loop; then others have theirs. */
const turns = new WorkTurns(20);

/** How each browser begins a request. A line of a log that looks like it has no header behind it. */
const httpRequest =
  /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/[^\s]*(?:$| HTTP\/1\.[01]\r\n[A-Za-z-]+:)/;
/** A request line that goes on beyond is no line of a log either. */
const beginningBytesMax = 65_536;

/**
 * Hands a connection's bytes to `framing`, piece by piece as there is room and as it is its turn. Refuses HTTP: otherwise a web page
 * could send lines to a port of this host in the body of a request. Throws ConnectionFault, and what the connection throws.
 */
export async function readChunks(
  socket: Socket,
  framing: Framing,
  room: () => Promise<void>,
): Promise<void> {
  let isFirst = true;
  try {
    for await (const chunk of socket) {
      if (isFirst) refuseHttp(chunk);
      isFirst = false;
      for (const piece of piecesOf(chunk)) {
        await turns.work(() => framing.push(piece));
        await room();
      }
    }
  } catch (thrown) {
    if (thrown instanceof OperatingError && thrown.code === "overloaded")
      throw new ConnectionFault("memory", thrown.message);
    throw thrown;
  } finally {
    framing.end();
  }
}

function* piecesOf(chunk: Buffer): Generator<Buffer> {
  for (let at = 0; at < chunk.length; at += pieceBytes) yield chunk.subarray(at, at + pieceBytes);
}

/** Throws ConnectionFault where the first bytes of a connection are those of a browser's request. */
export function refuseHttp(chunk: Uint8Array): void {
  const beginning = Buffer.from(chunk.subarray(0, beginningBytesMax)).toString("latin1");
  if (httpRequest.test(beginning))
    throw new ConnectionFault("malformed", "an HTTP request came, as web pages send them");
}

/** Senders that went away without a word are found out after so long. */
const keepAliveMs = 60_000;

/**
 * Takes connections over TCP or TLS and hands each to `serve`, which reads it chunk by chunk: while it does not read, the
 * sender waits. Connections over `connectionsMax` are refused and counted. `listen` is host:port, or the path of a Unix socket,
 * which begins with a slash. Throws OperatingError("unavailable") when the port is taken.
 */
export async function startStreamServer(
  options: {
    readonly listen: string;
    readonly tls?: ServerTls | undefined;
    readonly connectionsMax: number;
    readonly context: Pick<ReceiverOutput, "log" | "refusedConnection">;
  },
  serve: (socket: Socket) => Promise<void>,
): Promise<StreamServer> {
  const { listen, tls, connectionsMax, context } = options;
  const open = new Map<Socket, Promise<void>>();
  const faults = new RepeatedWarning(context.log, systemClock, "connections of senders closed");
  const take = (socket: Socket): void => {
    // Without a listener a fault of the connection would be one of the process; whoever reads is told of it.
    socket.on("error", () => {});
    if (open.size >= connectionsMax) {
      context.refusedConnection("too_many");
      socket.destroy();
      return;
    }
    socket.setKeepAlive(true, keepAliveMs);
    const served = serveOne(socket, serve, context, faults).finally(() => open.delete(socket));
    open.set(socket, served);
  };
  const server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
  server.on("tlsClientError", () => context.refusedConnection("credentials"));
  await listening(server, listen);
  const address = server.address();
  return {
    port: address === null || typeof address === "string" ? 0 : address.port,
    async stop() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      const served = [...open.values()];
      for (const socket of open.keys()) socket.destroy();
      await Promise.all([closed, ...served]);
    },
  };
}

async function serveOne(
  socket: Socket,
  serve: (socket: Socket) => Promise<void>,
  { log, refusedConnection }: Pick<ReceiverOutput, "log" | "refusedConnection">,
  faults: RepeatedWarning,
): Promise<void> {
  const peer = socket.remoteAddress ?? "unknown";
  try {
    await serve(socket);
  } catch (thrown) {
    if (thrown instanceof ConnectionFault) {
      refusedConnection(thrown.reason);
      faults.warn(() => ({ peer, error: thrown.message }));
    } else log.debug("connection ended early", { peer, error: messageOf(thrown) });
  } finally {
    socket.destroy();
  }
}

async function listening(server: Server, listen: string): Promise<void> {
  const ready = Promise.withResolvers<void>();
  server.once("error", (cause) =>
    ready.reject(
      new OperatingError("unavailable", `cannot listen on ${listen} (${messageOf(cause)})`, {
        cause,
      }),
    ),
  );
  if (listen.startsWith("/")) {
    removeOldSocket(listen);
    server.listen(listen, () => ready.resolve());
    await ready.promise;
    openToWriters(listen);
    return;
  }
  const { hostname, port } = parseListen(listen);
  server.listen(port, hostname, () => ready.resolve());
  await ready.promise;
}
