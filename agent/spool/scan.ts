import { BadFrameError, decodeFrame, frameLengthAt } from "#proto/codec/envelope.ts";
import type { FrameHeader } from "#proto/gen/v1/frame_pb.js";

export type Fault = BadFrameError["fault"] | "torn" | "order";

export type Scan = {
  /** Up to here the segment is good. */
  readonly goodBytes: number;
  /** What is wrong there; undefined where the segment is good to its end. */
  readonly fault: Fault | undefined;
};

/**
 * Reads the frames of a segment from its start, and stops at the first that is not whole or not in order. `torn`: the bytes
 * end inside a frame, as a crash in mid-write leaves them. Everything else is damage.
 */
export function scanSegment(
  bytes: Uint8Array,
  epoch: number,
  onFrame: (header: FrameHeader, offset: number, length: number) => void,
): Scan {
  let offset = 0;
  for (let sequence = 1; offset < bytes.length; sequence++) {
    const opened = openAt(bytes, offset);
    if (typeof opened === "string") return { goodBytes: offset, fault: opened };
    const { header, length } = opened;
    if (header.epoch !== epoch || header.sequence !== sequence)
      return { goodBytes: offset, fault: "order" };
    onFrame(header, offset, length);
    offset += length;
  }
  return { goodBytes: offset, fault: undefined };
}

/** Headers of whole frames of the epoch anywhere at or after `from`: what can still be known behind damage. */
export function headersAfterDamage(bytes: Uint8Array, from: number, epoch: number): FrameHeader[] {
  const found: FrameHeader[] = [];
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let offset = haystack.indexOf("LWF", from);
  while (offset !== -1) {
    const opened = openAt(bytes, offset);
    const last = found.at(-1)?.sequence ?? 0;
    const isFrame =
      typeof opened !== "string" && opened.header.epoch === epoch && opened.header.sequence > last;
    if (isFrame) found.push(opened.header);
    offset = haystack.indexOf("LWF", offset + (isFrame ? opened.length : 1));
  }
  return found;
}

function openAt(
  bytes: Uint8Array,
  offset: number,
): { readonly header: FrameHeader; readonly length: number } | Fault {
  try {
    const length = frameLengthAt(bytes, offset);
    if (length === undefined || offset + length > bytes.length) return "torn";
    return { header: decodeFrame(bytes.subarray(offset, offset + length)).header, length };
  } catch (thrown) {
    if (thrown instanceof BadFrameError) return thrown.fault;
    throw thrown;
  }
}
