import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { OperatingError } from "#shared/errors.ts";
import type { MemoryBudget } from "./memory_budget.ts";

/** A request body, or what it unpacks to, is larger than the receiver takes. */
export class TooLargeError extends OperatingError {
  constructor(message: string) {
    super("bad_request", message);
  }
}

/** A request's body could not be used, with the status that its protocol gives to that. */
export class BodyError extends OperatingError {
  readonly status: 400 | 415;

  constructor(status: 400 | 415, message: string, options?: ErrorOptions) {
    super("bad_request", message, options);
    this.status = status;
  }
}

export type BodyLimits = { readonly bytesMax: number; readonly memory: MemoryBudget };
/** Counts bytes that a request holds beside its body, until it is answered. */
export type TakeMemory = (bytes: number) => void;

/**
 * Runs `use` on the body as sent. Reads no more than `bytesMax`, also when the sender does not say how much comes. Throws
 * TooLargeError, and OperatingError("overloaded") where all requests together hold too much.
 */
export async function withBody<Result>(
  request: Request,
  { bytesMax, memory }: BodyLimits,
  use: (body: Uint8Array, take: TakeMemory) => Promise<Result>,
): Promise<Result> {
  const stated = Number(request.headers.get("content-length") ?? Number.NaN);
  if (stated > bytesMax) throw tooLarge(bytesMax);
  let taken = 0;
  const take: TakeMemory = (bytes) => {
    memory.take(bytes);
    taken += bytes;
  };
  try {
    if (Number.isSafeInteger(stated)) {
      take(stated);
      return await use(new Uint8Array(await request.arrayBuffer()), take);
    }
    return await use(await readChunks(request, bytesMax, take), take);
  } finally {
    memory.giveBack(taken);
  }
}

async function readChunks(
  request: Request,
  bytesMax: number,
  take: TakeMemory,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (request.body !== null)
    for await (const chunk of request.body) {
      length += chunk.length;
      if (length > bytesMax) throw tooLarge(bytesMax);
      take(chunk.length);
      chunks.push(chunk);
    }
  return new Uint8Array(Buffer.concat(chunks, length));
}

/**
 * The body without its Content-Encoding (gzip, deflate, zstd, br, identity), of at most `bytesMax`. Throws BodyError(415)
 * for another, BodyError(400) for bytes that are not so encoded, TooLargeError.
 */
export function unpackBody(
  body: Uint8Array,
  contentEncoding: string | undefined,
  bytesMax: number,
): Uint8Array {
  const encoding = (contentEncoding ?? "").trim().toLowerCase();
  if (encoding === "" || encoding === "identity") return body;
  const unpack = unpackers[encoding];
  if (unpack === undefined || !Object.hasOwn(unpackers, encoding))
    throw new BodyError(415, `unsupported Content-Encoding "${encoding}"`);
  try {
    return unpack(body, { maxOutputLength: bytesMax });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ERR_BUFFER_TOO_LARGE" || cause instanceof RangeError) throw tooLarge(bytesMax);
    throw new BodyError(400, `body is not ${encoding}`, { cause });
  }
}

type Unpacker = (body: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
const unpackers: Readonly<Record<string, Unpacker>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  zstd: zstdDecompressSync,
  br: brotliDecompressSync,
};

function tooLarge(bytesMax: number): TooLargeError {
  return new TooLargeError(`body is larger than ${bytesMax} bytes`);
}
