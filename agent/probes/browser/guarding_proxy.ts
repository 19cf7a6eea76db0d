import { type AddressInfo, type Socket, createServer } from "node:net";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { ByteStream } from "../net/byte_stream.ts";
import { dial } from "../net/dial.ts";
import { resolveAgain, splitHostPort } from "../net/resolve.ts";
import type { ProbeContext } from "../prober.ts";

const lineBytesMax = 64 * 1024;
const headersMax = 500;
const choice = { preferred_ip_protocol: "ip4", ip_protocol_fallback: true } as const;
const hopHeader = /^(?:connection|proxy-connection|keep-alive|proxy-authorization):/i;

/**
 * An HTTP proxy on the loopback address for one browser: every connection of a page, its redirects, parts and scripts goes to an address that was checked, and
 * to no other.
 */
export async function startGuardingProxy(
  context: ProbeContext,
): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    serve(socket, context, sockets).catch((thrown: unknown) => {
      context.notes.debug("Request of the page failed", { err: messageOf(thrown) });
      socket.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const isPort = (found: typeof address): found is AddressInfo =>
    typeof found === "object" && found !== null;
  if (!isPort(address)) throw new OperatingError("unavailable", "no port for the browser's proxy");
  return {
    port: address.port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function serve(socket: Socket, context: ProbeContext, sockets: Set<Socket>): Promise<void> {
  const stream = new ByteStream(socket, context.deadline);
  const head = await readHead(stream);
  const [method = "", target = "", version = ""] = (head[0] ?? "").split(" ");
  const place = placeOf(method, target);
  const address = await resolveAgain(place.host, choice, context);
  context.guard.check(address);
  const onward = await dial({ host: address, port: place.port }, context.deadline);
  sockets.add(onward);
  onward.on("close", () => {
    sockets.delete(onward);
    socket.destroy();
  });
  socket.on("close", () => onward.destroy());
  if (method === "CONNECT") socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
  else {
    // One request a connection, so that the next one is checked, too.
    const url = new URL(target);
    const lines = [
      `${method} ${url.pathname}${url.search} ${version}`,
      ...head.slice(1).filter((line) => !hopHeader.test(line)),
      "Connection: close",
    ];
    onward.write(`${lines.join("\r\n")}\r\n\r\n`);
  }
  onward.pipe(socket, { end: true });
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read())
    if (!onward.write(chunk))
      await new Promise<void>(
        (resolve) => void onward.once("drain", resolve).once("close", resolve),
      );
  onward.end();
}

async function readHead(stream: ByteStream): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const line = (await stream.line(lineBytesMax))?.toString("latin1");
    if (line === undefined || lines.length > headersMax)
      throw new OperatingError("corrupt", "a request of the browser that is none");
    if (line === "") return lines;
    lines.push(line);
  }
}

function placeOf(method: string, target: string): { host: string; port: number } {
  if (method === "CONNECT") {
    const place = splitHostPort(target);
    if (place !== undefined) return place;
  } else if (URL.canParse(target)) {
    const url = new URL(target);
    if (url.protocol === "http:")
      return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 80) };
  }
  throw new OperatingError("bad_request", `no host in "${method} ${target.slice(0, 100)}"`);
}
