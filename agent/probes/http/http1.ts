import { OperatingError } from "#shared/errors.ts";
import type { ByteStream } from "../net/byte_stream.ts";
import { type Answer, type AnswerHeaders, type Request, firstHeader } from "./answer.ts";

const lineBytesMax = 64 * 1024;
const headBytesMax = 256 * 1024;
/** Answers that announce another one (100 Continue, 103 Early Hints) before the one that counts. */
const interimMax = 10;

/** Sends a request of HTTP/1.1 and reads the begin of its answer (RFC 9112). `isToProxy` writes the whole URL. Throws OperatingError. */
export async function askHttp1(
  stream: ByteStream,
  request: Request,
  isToProxy: boolean,
): Promise<Answer> {
  stream.write(headOf(request, isToProxy));
  if (request.body.length > 0) stream.write(request.body);
  return readAnswer(stream, request.method);
}

/** CONNECT through a proxy: afterwards the stream is a connection to `authority`. */
export async function askForTunnel(
  stream: ByteStream,
  authority: string,
  headers: ReadonlyMap<string, string>,
): Promise<void> {
  const lines = [...headers].map(([name, value]) => `${name}: ${clean(value)}\r\n`);
  stream.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${lines.join("")}\r\n`);
  const { status } = await readHead(stream);
  if (status !== 200)
    throw new OperatingError("unavailable", `the proxy answered CONNECT with status ${status}`);
}

function headOf({ method, url, host, headers, body }: Request, isToProxy: boolean): string {
  const path = `${url.pathname}${url.search}`;
  const target = isToProxy ? `http://${host}${path}` : path;
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${clean(host)}`];
  for (const [name, value] of headers) lines.push(`${name}: ${clean(value)}`);
  if (body.length > 0 || ["POST", "PUT", "PATCH"].includes(method))
    lines.push(`Content-Length: ${body.length}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** A value without what would end its line. */
function clean(value: string): string {
  return value.replaceAll(/[\r\n\0]/g, " ");
}

type Head = Pick<Answer, "status" | "version" | "headers">;

async function readAnswer(stream: ByteStream, method: string): Promise<Answer> {
  for (let interim = 0; interim < interimMax; interim++) {
    const head = await readHead(stream);
    if (head.status < 200 && head.status !== 101) continue;
    return { ...head, ...framed(stream, head, method), close: () => stream.close() };
  }
  throw new OperatingError("corrupt", `more than ${interimMax} interim answers`);
}

async function readHead(stream: ByteStream): Promise<Head> {
  const first = (await stream.line(lineBytesMax))?.toString("latin1");
  if (first === undefined)
    throw new OperatingError("unavailable", "the connection was closed without an answer");
  const parts = /^(HTTP\/\d\.\d) (\d{3})(?: |$)/.exec(first);
  if (parts === null)
    throw new OperatingError(
      "corrupt",
      `malformed HTTP status line ${JSON.stringify(first.slice(0, 100))}`,
    );
  const headers = await readHeaders(stream);
  return { version: parts[1] ?? "", status: Number(parts[2]), headers };
}

async function readHeaders(stream: ByteStream): Promise<AnswerHeaders> {
  const headers = new Map<string, string[]>();
  let length = 0;
  for (;;) {
    const line = await stream.line(lineBytesMax);
    if (line === undefined)
      throw new OperatingError("unavailable", "the connection was closed within the headers");
    if (line.length === 0) return headers;
    length += line.length;
    if (length > headBytesMax)
      throw new OperatingError("corrupt", `headers of more than ${headBytesMax} bytes`);
    const text = line.toString("latin1");
    const at = text.indexOf(":");
    if (at <= 0) throw new OperatingError("corrupt", "a malformed HTTP header");
    const name = text.slice(0, at).toLowerCase();
    const values = headers.get(name);
    const value = text.slice(at + 1).trim();
    if (values === undefined) headers.set(name, [value]);
    else values.push(value);
  }
}

function framed(
  stream: ByteStream,
  { status, headers }: Head,
  method: string,
): Pick<Answer, "contentLength" | "body" | "startMs"> {
  const announced = firstHeader(headers, "content-length");
  const length = announced !== undefined && /^\d{1,15}$/.test(announced) ? Number(announced) : -1;
  const startMs = stream.firstByteMs;
  const hasNone = method === "HEAD" || status === 101 || status === 204 || status === 304;
  if (hasNone) return { startMs, contentLength: method === "HEAD" ? length : 0, body: noBody };
  const codings = headers.get("transfer-encoding")?.join(",").toLowerCase() ?? "";
  if (codings.includes("chunked"))
    return { startMs, contentLength: -1, body: () => chunkedBody(stream) };
  if (length >= 0)
    return { startMs, contentLength: length, body: () => countedBody(stream, length) };
  return { startMs, contentLength: -1, body: () => restOf(stream) };
}

async function* noBody(): AsyncGenerator<Uint8Array> {
  // Nothing comes.
}

async function* restOf(stream: ByteStream): AsyncGenerator<Uint8Array> {
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read())
    yield chunk;
}

async function* countedBody(stream: ByteStream, length: number): AsyncGenerator<Uint8Array> {
  let left = length;
  while (left > 0) {
    const chunk = await stream.read();
    if (chunk === undefined)
      throw new OperatingError("unavailable", `the body ended ${left} bytes early`);
    const taken = chunk.subarray(0, left);
    left -= taken.length;
    stream.unread(chunk.subarray(taken.length));
    yield taken;
  }
}

async function* chunkedBody(stream: ByteStream): AsyncGenerator<Uint8Array> {
  for (;;) {
    const line = (await stream.line(lineBytesMax))?.toString("latin1") ?? "";
    const size = /^([0-9a-fA-F]{1,12})(?:[ \t]*;.*)?[ \t]*$/.exec(line)?.[1];
    if (size === undefined) throw new OperatingError("corrupt", "malformed chunked encoding");
    const length = Number.parseInt(size, 16);
    if (length === 0) break;
    yield* countedBody(stream, length);
    if ((await stream.line(2))?.length !== 0)
      throw new OperatingError("corrupt", "malformed chunked encoding");
  }
  // Trailers, up to the empty line.
  await readHeaders(stream);
}
