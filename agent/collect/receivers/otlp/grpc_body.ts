import { gunzipSync } from "node:zlib";
import { BodyError, type TakeMemory, TooLargeError } from "../transport/body.ts";

/** A frame of gRPC is one byte of flags and four of length (grpc.io, PROTOCOL-HTTP2), then the message. */
const headBytes = 5;
const compressedFlag = 1;

/**
 * The body of a call with one message, read whole; gzip is unpacked. Reads no more than a message of `bytesMax`. Throws BodyError, TooLargeError, OperatingError("overloaded").
 */
export async function readGrpcMessage(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
  take: TakeMemory,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > bytesMax + headBytes) throw tooLarge(bytesMax);
    take(chunk.length);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks, length);
  if (length < headBytes || bytes.readUInt32BE(1) !== length - headBytes)
    throw new BodyError(400, "body is not one frame of gRPC");
  const packed = bytes.subarray(headBytes);
  const message = bytes[0] === compressedFlag ? unpacked(packed, bytesMax) : packed;
  if (message !== packed) take(message.length);
  return message;
}

/** A message in a frame, not compressed. */
export function grpcFrame(message: Uint8Array): Uint8Array {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function unpacked(packed: Uint8Array, bytesMax: number): Uint8Array {
  try {
    return gunzipSync(packed, { maxOutputLength: bytesMax });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ERR_BUFFER_TOO_LARGE" || cause instanceof RangeError) throw tooLarge(bytesMax);
    throw new BodyError(400, "message is not gzip", { cause });
  }
}

function tooLarge(bytesMax: number): TooLargeError {
  return new TooLargeError(`message is larger than ${bytesMax} bytes`);
}
