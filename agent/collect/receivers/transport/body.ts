import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
  gunzipSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";
import type { Transform } from "node:stream";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { OperatingError } from "#shared/errors.ts";
import { LargeBytes } from "../../large_bytes.ts";
import { unpackedInTurns } from "../../unpacked_in_turns.ts";
import { OneAtATime } from "./decode_turns.ts";
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
      const body =
        stated <= atOnceMax.bytes
          ? new Uint8Array(await request.arrayBuffer())
          : await readChunks(request, stated, bytesMax, () => {});
      return await use(body, take);
    }
    return await use(await readChunks(request, 0, bytesMax, take), take);
  } finally {
    memory.giveBack(taken);
  }
}

/** The runtime would grow a large body as it comes, and copy all of it each time. */
async function readChunks(
  request: Request,
  stated: number,
  bytesMax: number,
  take: TakeMemory,
): Promise<Uint8Array> {
  const bytes = new LargeBytes(stated);
  if (request.body !== null)
    for await (const chunk of request.body) {
      if (bytes.length + chunk.length > bytesMax) throw tooLarge(bytesMax);
      take(chunk.length);
      bytes.add(chunk);
      // What has arrived is read without a pause otherwise, for as long as more of it arrives.
      if (bytes.length > atOnceMax.bytes && isTurnOver()) await nextTurn();
    }
  return bytes.joined();
}

/** Packed bytes that are unpacked at once, and what they may unpack to: some milliseconds. */
const atOnceMax = { packedBytes: 64 * 1024, bytes: 1024 ** 2 };
/** Pieces that zlib makes of a large body. */
const chunkSize = 256 * 1024;
/** One at a time: how much a body unpacks to is known only then. */
const turn = new OneAtATime();

/**
 * The body without its Content-Encoding (gzip, deflate, zstd, br, identity), of at most `bytesMax`, whose memory is taken. A large one is
 * unpacked by a thread of the runtime. Throws BodyError(415) for another encoding, BodyError(400) for bytes that are not so encoded,
 * TooLargeError, OperatingError("overloaded").
 */
export async function unpackedBody(
  body: Uint8Array,
  contentEncoding: string | undefined,
  bytesMax: number,
  take: TakeMemory,
): Promise<Uint8Array> {
  const encoding = encodingOf(contentEncoding);
  if (encoding === undefined) return body;
  const small = Math.min(atOnceMax.bytes, bytesMax);
  if (body.length <= atOnceMax.packedBytes)
    try {
      const unpacked = unpackBody(body, encoding, small);
      take(unpacked.length);
      return unpacked;
    } catch (thrown) {
      if (!(thrown instanceof TooLargeError) || small === bytesMax) throw thrown;
    }
  return turn.run(async () => {
    try {
      const unpacked = await unpackedInTurns(unpackStreams[encoding](), body, bytesMax);
      take(unpacked.length);
      return unpacked;
    } catch (thrown) {
      throw unpackFault(thrown, encoding, bytesMax);
    }
  });
}

/** As unpackedBody() at once: for bodies whose size is bounded otherwise. */
export function unpackBody(
  body: Uint8Array,
  contentEncoding: string | undefined,
  bytesMax: number,
): Uint8Array {
  const encoding = encodingOf(contentEncoding);
  if (encoding === undefined) return body;
  try {
    return unpackers[encoding](body, { maxOutputLength: bytesMax });
  } catch (thrown) {
    throw unpackFault(thrown, encoding, bytesMax);
  }
}

const unpackers = {
  gzip: gunzipSync,
  deflate: inflateSync,
  zstd: zstdDecompressSync,
  br: brotliDecompressSync,
} as const;
type Encoding = keyof typeof unpackers;
const unpackStreams = {
  gzip: () => createGunzip({ chunkSize }),
  deflate: () => createInflate({ chunkSize }),
  zstd: () => createZstdDecompress({ chunkSize }),
  br: () => createBrotliDecompress({ chunkSize }),
} as const satisfies Record<Encoding, () => Transform>;

/** Undefined for identity. */
function encodingOf(contentEncoding: string | undefined): Encoding | undefined {
  const encoding = (contentEncoding ?? "").trim().toLowerCase();
  if (encoding === "" || encoding === "identity") return undefined;
  for (const known of ["gzip", "deflate", "zstd", "br"] as const)
    if (encoding === known) return known;
  throw new BodyError(415, `unsupported Content-Encoding "${encoding}"`);
}

function unpackFault(thrown: unknown, encoding: Encoding, bytesMax: number): OperatingError {
  if (thrown instanceof OperatingError) return thrown;
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "ERR_BUFFER_TOO_LARGE" || thrown instanceof RangeError) return tooLarge(bytesMax);
  return new BodyError(400, `body is not ${encoding}`, { cause: thrown });
}

function tooLarge(bytesMax: number): TooLargeError {
  return new TooLargeError(`body is larger than ${bytesMax} bytes`);
}
