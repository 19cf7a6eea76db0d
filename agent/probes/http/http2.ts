import { type ClientHttp2Stream, type IncomingHttpHeaders, connect } from "node:http2";
import type { Socket } from "node:net";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Deadline } from "../net/deadline.ts";
import { type Answer, type Request, firstHeader } from "./answer.ts";

/** Headers that HTTP/2 has no place for (RFC 9113 section 8.2.2). */
const hopHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "host",
]);

/** What came after the body. */
export type Trailers = { current: ReadonlyMap<string, readonly string[]> };

/** Sends a request of HTTP/2 over a connection that is open, and waits for the begin of its answer. Throws OperatingError. */
export async function askHttp2(
  socket: Socket,
  request: Request,
  deadline: Deadline,
  trailers: Trailers = { current: new Map() },
): Promise<Answer> {
  const { url, host, method, headers, body } = request;
  const session = connect(`${url.protocol}//${url.host}`, { createConnection: () => socket });
  let failure: unknown;
  session.on("error", (thrown: unknown) => {
    failure ??= thrown;
  });
  const forget = deadline.onEnd(() => session.destroy());
  const close = () => {
    forget();
    session.destroy();
    socket.destroy();
  };
  const own = [...headers]
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !hopHeaders.has(name));
  const stream = session.request(
    {
      ":method": method,
      ":path": `${url.pathname}${url.search}`,
      ":scheme": url.protocol.slice(0, -1),
      ":authority": host,
      ...Object.fromEntries(own),
      ...(body.length > 0 ? { "content-length": String(body.length) } : {}),
    },
    { endStream: body.length === 0 },
  );
  stream.on("trailers", (found: IncomingHttpHeaders) => {
    trailers.current = headersOf(found);
  });
  if (body.length > 0) stream.end(body);
  try {
    const found = await responseOf(stream, session, deadline, () => failure);
    return answerOf(stream, found, method, close, deadline);
  } catch (thrown) {
    close();
    throw thrown;
  }
}

function responseOf(
  stream: ClientHttp2Stream,
  session: ReturnType<typeof connect>,
  deadline: Deadline,
  failure: () => unknown,
): Promise<{ headers: IncomingHttpHeaders; atMs: number; isEnd: boolean }> {
  return new Promise((resolve, reject) => {
    const fail = (thrown?: unknown) => {
      const cause = thrown ?? failure();
      if (deadline.signal.aborted) reject(deadline.error);
      else
        reject(
          new OperatingError(
            "unavailable",
            `HTTP/2: ${cause === undefined ? "the connection was closed without an answer" : messageOf(cause)}`,
            { cause },
          ),
        );
    };
    stream.once("response", (headers: IncomingHttpHeaders, flags: number) =>
      resolve({ headers, atMs: performance.now(), isEnd: (flags & 1) === 1 }),
    );
    stream.once("error", fail);
    stream.once("close", () => fail());
    session.once("error", fail);
    session.once("close", () => fail());
  });
}

function answerOf(
  stream: ClientHttp2Stream,
  found: { headers: IncomingHttpHeaders; atMs: number; isEnd: boolean },
  method: string,
  close: () => void,
  deadline: Deadline,
): Answer {
  const headers = headersOf(found.headers);
  const announced = Number(firstHeader(headers, "content-length") ?? "-1");
  const isWithout = found.isEnd && method !== "HEAD";
  return {
    status: Number(found.headers[":status"] ?? 0),
    version: "HTTP/2.0",
    headers,
    contentLength: announced >= 0 ? announced : isWithout ? 0 : -1,
    startMs: found.atMs,
    body: () => bodyOf(stream, deadline),
    close,
  };
}

async function* bodyOf(stream: ClientHttp2Stream, deadline: Deadline): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) if (chunk instanceof Uint8Array) yield chunk;
  } catch (thrown) {
    if (deadline.signal.aborted) throw deadline.error;
    throw new OperatingError("unavailable", `HTTP/2: ${messageOf(thrown)}`, { cause: thrown });
  }
  if (deadline.signal.aborted) throw deadline.error;
}

function headersOf(found: IncomingHttpHeaders): Map<string, readonly string[]> {
  const headers = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(found)) {
    if (name.startsWith(":") || value === undefined) continue;
    headers.set(name.toLowerCase(), Array.isArray(value) ? value : [value]);
  }
  return headers;
}
