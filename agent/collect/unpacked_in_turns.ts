import type { Transform } from "node:stream";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { LargeBytes } from "./large_bytes.ts";

/** More was unpacked than is wanted; the code is that of node:zlib. */
class UnpackedTooLargeError extends RangeError {
  readonly code = "ERR_BUFFER_TOO_LARGE";
}

/** Given to a thread at once: it unpacks to several chunks, each of which comes back by itself. */
const packedStepBytes = 64 * 1024;

/**
 * What a body unpacks to, by a stream of node:zlib whose work is done by a thread of the runtime. zlib's own functions join what it unpacks to at once,
 * and more than `bytesMax` of it is unpacked only when it is asked for. Throws as the stream does, and an error with code ERR_BUFFER_TOO_LARGE.
 */
export async function unpackedInTurns(
  stream: Transform,
  packed: Uint8Array,
  bytesMax: number,
): Promise<Uint8Array> {
  const unpacked = new LargeBytes();
  const write = (from: number): void => {
    const step = packed.subarray(from, from + packedStepBytes);
    if (from >= packed.length) stream.end();
    else stream.write(step, () => write(from + packedStepBytes));
  };
  try {
    write(0);
    for await (const chunk of stream) {
      if (!(chunk instanceof Uint8Array)) continue;
      if (unpacked.length + chunk.length > bytesMax)
        throw new UnpackedTooLargeError(`more than ${bytesMax} bytes`);
      unpacked.add(chunk);
      if (isTurnOver()) await nextTurn();
    }
  } finally {
    stream.destroy();
  }
  return unpacked.joined();
}
