import { Code, ConnectError, type ConnectRouter, createConnectRouter } from "@connectrpc/connect";
import {
  type UniversalServerRequest,
  type UniversalServerResponse,
  universalServerRequestFromFetch,
} from "@connectrpc/connect/protocol";
import { type Context, Hono } from "hono";
import { type ErrorCode, OperatingError } from "#shared/errors.ts";
import { compressedLengthMin, encodingOf, streamEncodingOf } from "./compressed.ts";
import { pulledBody, wholeMax } from "./large_answer.ts";
import { packedHeaders, packedNow } from "./packed.ts";

/** Requests hold a dashboard at most. */
const requestBytesMax = 16 * 1_024 * 1_024;

const codes = {
  bad_request: Code.InvalidArgument,
  not_found: Code.NotFound,
  conflict: Code.Aborted,
  read_only: Code.FailedPrecondition,
  overloaded: Code.ResourceExhausted,
  corrupt: Code.DataLoss,
  unavailable: Code.Unavailable,
  timeout: Code.DeadlineExceeded,
  cancelled: Code.Canceled,
  no_space: Code.ResourceExhausted,
} as const satisfies Record<ErrorCode, Code>;

/** Services as Connect, gRPC-Web and gRPC. */
export function connectRoutes(register: (router: ConnectRouter) => void): Hono {
  const router = createConnectRouter({ readMaxBytes: requestBytesMax });
  register(router);
  const app = new Hono();
  for (const handler of router.handlers) {
    app.all(handler.requestPath, async (c) => {
      return responseOf(c, await handler(requestOf(c.req.raw)));
    });
  }
  return app;
}

/** A body of known length comes in one piece: a stream of it costs more. */
function requestOf(request: Request): UniversalServerRequest {
  const { method, url, headers, signal } = request;
  const length = Number(headers.get("content-length") ?? Infinity);
  if (length > requestBytesMax) return universalServerRequestFromFetch(request, {});
  return { httpVersion: "", method, url, header: headers, body: inOnePiece(request), signal };
}

async function* inOnePiece(request: Request): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(await request.arrayBuffer());
}

/** An operating error of `work` becomes the code that a client decides by. */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw connectErrorOf(thrown);
  }
}

/** The error of an RPC for whatever was thrown. */
export function connectErrorOf(thrown: unknown): unknown {
  return thrown instanceof OperatingError
    ? new ConnectError(thrown.message, codes[thrown.code])
    : thrown;
}

/** Answers of a few megabytes go in one go, and packed where the client takes that; larger ones as they are made. */
async function responseOf(
  c: Context,
  { status, header, body }: UniversalServerResponse,
): Promise<Response> {
  const headers = new Headers(header);
  if (body === undefined) return new Response(null, { status, headers });
  const parts = body[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  while (length <= wholeMax) {
    const { value, done } = await parts.next();
    if (done === true) return whole(c, Buffer.concat(first, length), { status, headers });
    first.push(value);
    length += value.length;
  }
  return inParts(c, first, parts, { status, headers });
}

type Head = { readonly status: number; readonly headers: Headers };

function whole(c: Context, bytes: Buffer<ArrayBuffer>, head: Head): Response {
  const encoding = bytes.length < compressedLengthMin ? undefined : encodingOf(c);
  if (encoding === undefined || isGrpc(head)) return new Response(bytes, head);
  for (const [name, value] of Object.entries(packedHeaders(encoding)))
    head.headers.set(name, value);
  head.headers.delete("content-length");
  return new Response(packedNow(bytes, encoding), head);
}

function inParts(
  c: Context,
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
  head: Head,
): Response {
  const begin = first.values();
  const next = async (): Promise<Uint8Array | undefined> => {
    const { value, done } = begin.next();
    if (done !== true) return value;
    const more = await rest.next();
    return more.done === true ? undefined : more.value;
  };
  // The generator keeps memory and readers until it is ended.
  const end = () => void rest.return?.().catch(() => {});
  const body = pulledBody(next, end);
  const encoding = isGrpc(head) ? undefined : streamEncodingOf(c);
  if (encoding === undefined) return new Response(body, head);
  for (const [name, value] of Object.entries(packedHeaders(encoding)))
    head.headers.set(name, value);
  const packed: ReadableStream = body;
  return new Response(packed.pipeThrough(new CompressionStream(encoding)), head);
}

/** gRPC has an encoding of its own for each message. */
function isGrpc({ headers }: Head): boolean {
  const type = headers.get("content-type") ?? "";
  return type.startsWith("application/grpc") && !type.startsWith("application/grpc-web");
}
