import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { createServer as createServer2, createSecureServer } from "node:http2";
import { type Server, type Socket, createServer as createTcpServer } from "node:net";
import { TLSSocket, createSecureContext, createServer as createTlsServer } from "node:tls";
import { gzipSync } from "node:zlib";
import type { ServerHttp2Stream } from "node:http2";
import type { ProbeCertificates } from "./probe_certificates.ts";

/** Servers of many kinds on free ports of the loopback address, good and bad ones, to be probed. */
export class ProbeTargets {
  readonly #servers: { close(): unknown }[] = [];
  readonly #sockets = new Set<Socket>();

  /** A web server whose paths say what it does. */
  http(): Promise<number> {
    return this.#listen(createServer(answer));
  }

  https(certificates: ProbeCertificates, name: "good" | "wrong" | "expired"): Promise<number> {
    const options = { ...certificates.server(name), allowHTTP1: true };
    return this.#listen(
      createSecureServer(options, (request, response) => {
        response.setHeader("x-test", "abc");
        response.end(`over HTTP/${request.httpVersion}`);
      }),
    );
  }

  /** Hands each connection to a function; it may say what it likes. */
  tcp(speak: (socket: Socket) => void): Promise<number> {
    return this.#listen(
      createTcpServer((socket) => {
        socket.on("error", () => {});
        speak(socket);
      }),
    );
  }

  tls(certificates: ProbeCertificates, greeting: string): Promise<number> {
    const options = { ...certificates.server("good"), maxVersion: "TLSv1.2" } as const;
    return this.#listen(
      createTlsServer(options, (socket) => {
        socket.on("error", () => {});
        socket.write(greeting);
      }),
    );
  }

  /** A mail server that is just enough for EHLO and STARTTLS. */
  smtp(certificates: ProbeCertificates): Promise<number> {
    const secureContext = createSecureContext(certificates.server("good"));
    return this.tcp((socket) => {
      socket.write("220 mail.example ESMTP\r\n");
      socket.on("data", (data) => {
        const line = data.toString();
        if (line.startsWith("EHLO")) socket.write("250-mail.example\r\n250 STARTTLS\r\n");
        if (!line.startsWith("STARTTLS")) return;
        socket.write("220 go ahead\r\n");
        socket.removeAllListeners("data");
        const secured = new TLSSocket(socket, { isServer: true, secureContext });
        secured.on("error", () => {});
        secured.on("data", () => secured.write("250-mail.example\r\n250 AUTH PLAIN\r\n"));
      });
    });
  }

  /** gRPC's health service: "down" does not serve, "missing" is not known, everything else is well. */
  grpc(certificates?: ProbeCertificates): Promise<number> {
    const server =
      certificates === undefined
        ? createServer2()
        : createSecureServer(certificates.server("good"));
    server.on("stream", (stream: ServerHttp2Stream) => {
      const chunks: Buffer[] = [];
      stream.on("error", () => {});
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const service = Buffer.concat(chunks).subarray(7).toString();
        const headers = { ":status": 200, "content-type": "application/grpc" };
        stream.respond(headers, { waitForTrailers: true });
        stream.on("wantTrailers", () =>
          stream.sendTrailers({ "grpc-status": service === "missing" ? "5" : "0" }),
        );
        if (service !== "missing")
          stream.write(Buffer.from([0, 0, 0, 0, 2, 8, service === "down" ? 2 : 1]));
        stream.end();
      });
    });
    return this.#listen(server);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) server.close();
  }

  #listen(server: Pick<Server, "listen" | "address" | "close" | "on">): Promise<number> {
    this.#servers.push(server);
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    return new Promise((resolve, reject) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        if (typeof address === "object" && address !== null) resolve(address.port);
        else reject(new Error("no port"));
      });
    });
  }
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://here");
  response.setHeader("x-test", "abc");
  switch (pathname) {
    case "/redirect":
      response.writeHead(302, { location: searchParams.get("to") ?? "/" }).end("gone");
      return;
    case "/loop":
      response.writeHead(302, { location: "/loop" }).end();
      return;
    case "/never":
      return;
    case "/broken":
      response.writeHead(500).end("broken");
      return;
    case "/gzip":
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("packed ".repeat(100)));
      return;
    case "/json":
      response.end('{"status":"ok","items":[{"id":7,"up":true},{"id":8,"up":false}]}');
      return;
    case "/length":
      response.setHeader("content-length", "5");
      response.end("12345");
      return;
    case "/headers":
      response.end(JSON.stringify({ ...request.headers, "user-agent": undefined }));
      return;
    case "/cookie":
      response.writeHead(302, { location: "/headers", "set-cookie": "id=42; Path=/" }).end();
      return;
    case "/endless":
      pour(response);
      return;
    default:
      response.setHeader("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT");
      response.write("hello ");
      response.end("world");
  }
}

/** Writes for as long as somebody reads, a piece at a time so that everything else goes on. */
function pour(response: ServerResponse): void {
  const chunk = Buffer.alloc(256 * 1024, "x");
  let isOver = false;
  response.on("close", () => {
    isOver = true;
  });
  const more = (): void => {
    if (isOver) return;
    if (response.write(chunk)) setImmediate(more);
    else response.once("drain", more);
  };
  more();
}
