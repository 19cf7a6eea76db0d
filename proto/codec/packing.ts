// Hot: guarded by `bench codec`.
import { compressSync, uncompressSync } from "lz4-napi";
import { assert } from "#shared/assert.ts";
import { Compression } from "../gen/v1/frame_pb.js";
import { corrupt } from "./byte_reader.ts";
import { type Frame, frameBytesMax } from "./envelope.ts";
import { unzstd } from "./zstd_frames.ts";

/** What a header may take of a frame: drops and checkpoints live there. */
const headerBytesMax = 16 * 1024;
/** No body is larger as stored. */
const bodyBytesMax = frameBytesMax - headerBytesMax;
/**
 * No body is larger before compression. Even bytes that do not compress then fit: they are stored as they are. It
 * also bounds what a hostile body can make the decoder allocate.
 */
export const rawBytesMax = bodyBytesMax - 1_024;

const zstdLevel = 3;
/** lz4-napi writes the length before compression in front of the block. */
const lz4PrefixBytes = 4;

/** Compresses, or keeps the bytes where that does not make them smaller. The result is fresh memory. */
export function pack(
  raw: Uint8Array<ArrayBuffer>,
  compression: Compression.LZ4 | Compression.ZSTD,
): { body: Uint8Array; compression: Compression } {
  assert(raw.length <= rawBytesMax, `body of ${raw.length} bytes, at most ${rawBytesMax}`);
  const packed =
    compression === Compression.LZ4
      ? compressSync(Buffer.from(raw.buffer, raw.byteOffset, raw.length))
      : Bun.zstdCompressSync(raw, { level: zstdLevel });
  if (packed.length < raw.length) return { body: packed, compression };
  return { body: raw.slice(), compression: Compression.NONE };
}

/** The body before compression. Throws OperatingError("corrupt"); allocates at most rawBytesMax. */
export function unpack(frame: Frame): Uint8Array {
  const { header, body } = frame;
  if (header.bodySize > rawBytesMax)
    throw corrupt(`claims ${header.bodySize} bytes, at most ${rawBytesMax}`);
  const raw = unpackBody(header.compression, header.bodySize, body);
  if (raw.length !== header.bodySize)
    throw corrupt(`is ${raw.length} bytes, expected ${header.bodySize}`);
  return raw;
}

function unpackBody(compression: Compression, size: number, body: Uint8Array): Uint8Array {
  if (compression === Compression.NONE) return body;
  try {
    if (compression === Compression.LZ4 && prefixOf(body) === size) return uncompressSync(body);
    if (compression === Compression.ZSTD) return unzstd(body, size);
  } catch (cause) {
    throw corrupt("does not decompress", { cause });
  }
  throw corrupt(`has unknown compression ${compression}, or a length that does not agree`);
}

function prefixOf(body: Uint8Array): number {
  if (body.length < lz4PrefixBytes) return -1;
  return new DataView(body.buffer, body.byteOffset, lz4PrefixBytes).getUint32(0, true);
}
