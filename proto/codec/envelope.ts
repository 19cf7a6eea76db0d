// Hot: guarded by `bench codec`.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { assert } from "#shared/assert.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Position } from "#shared/model/position.ts";
import { builtInSignals, type Signal, type Signals } from "#shared/signals.ts";
import type { FrameHeader } from "../gen/v1/frame_pb.js";
import { FrameHeaderSchema, type Signal as WireSignal } from "../gen/v1/frame_pb.js";

/**
 * A frame as it lies in a spool segment and travels over the uplink; drawn in docs/formats/frame.md.
 *
 *     0  "LWF"             magic
 *     3  u8   version      1
 *     4  u32  header size  bytes of the protobuf FrameHeader
 *     8  u32  body size    bytes of the body as stored (compressed)
 *    12  u32  CRC-32       (zlib's polynomial) of header and body
 *    16  header, body
 *
 * Integers are little-endian. A frame is whole when its length fits and the CRC agrees.
 */
export const preambleBytes = 16;
const frameVersion = 1;
/** No frame is larger; a length above it means garbage. NATS's max_payload must allow it. */
export const frameBytesMax = 900 * 1024;

const magic = [0x4c, 0x57, 0x46] as const;

export type Frame = {
  readonly header: FrameHeader;
  /** As stored: decompress by header.compression and header.bodySize. A view into the bytes that were parsed. */
  readonly body: Uint8Array;
  /** The whole frame, preamble included. */
  readonly bytes: Uint8Array;
};

/** A frame that can't be used. `version`: written by a newer agent. `crc`, `magic`, `length`, `header`: damaged. */
export class BadFrameError extends OperatingError {
  readonly fault: "magic" | "version" | "length" | "crc" | "header";

  constructor(fault: BadFrameError["fault"], message: string, options?: ErrorOptions) {
    super("corrupt", message, options);
    this.fault = fault;
  }
}

export function encodeFrame(header: FrameHeader, body: Uint8Array): Uint8Array {
  const head = toBinary(FrameHeaderSchema, header);
  const bytes = new Uint8Array(preambleBytes + head.length + body.length);
  bytes.set(magic, 0);
  bytes[3] = frameVersion;
  bytes.set(head, preambleBytes);
  bytes.set(body, preambleBytes + head.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, head.length, true);
  view.setUint32(8, body.length, true);
  view.setUint32(12, Bun.hash.crc32(bytes.subarray(preambleBytes)), true);
  return bytes;
}

/** Length of the frame that starts at `offset`, or undefined when even its preamble is cut. Throws BadFrameError. */
export function frameLengthAt(bytes: Uint8Array, offset: number): number | undefined {
  if (bytes.length - offset < preambleBytes) return undefined;
  const [a, b, c] = magic;
  if (bytes[offset] !== a || bytes[offset + 1] !== b || bytes[offset + 2] !== c)
    throw new BadFrameError("magic", `no frame begins at byte ${offset}`);
  if (bytes[offset + 3] !== frameVersion)
    throw new BadFrameError(
      "version",
      `frame version ${bytes[offset + 3]} at byte ${offset}, expected ${frameVersion}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, preambleBytes);
  const length = preambleBytes + view.getUint32(4, true) + view.getUint32(8, true);
  if (length > frameBytesMax)
    throw new BadFrameError("length", `frame at byte ${offset} claims ${length} bytes`);
  return length;
}

/** Checks and opens exactly one frame. Throws BadFrameError. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const length = frameLengthAt(bytes, 0);
  if (length === undefined || length !== bytes.length)
    throw new BadFrameError("length", `frame of ${bytes.length} bytes, expected ${length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, preambleBytes);
  const headEnd = preambleBytes + view.getUint32(4, true);
  if (Bun.hash.crc32(bytes.subarray(preambleBytes)) !== view.getUint32(12, true))
    throw new BadFrameError("crc", `frame of ${bytes.length} bytes has a wrong checksum`);
  return {
    header: openHeader(bytes.subarray(preambleBytes, headEnd)),
    body: bytes.subarray(headEnd),
    bytes,
  };
}

/** Bytes that can't be used as a frame, and why. */
export type DamagedFrame = {
  readonly bytes: Uint8Array;
  readonly fault: BadFrameError["fault"];
};

/** decodeFrame() for whoever goes on after a frame that is damaged. */
export function openFrame(bytes: Uint8Array): Frame | DamagedFrame {
  try {
    return decodeFrame(bytes);
  } catch (thrown) {
    if (thrown instanceof BadFrameError) return { bytes, fault: thrown.fault };
    throw thrown;
  }
}

export function isDamaged(opened: Frame | DamagedFrame): opened is DamagedFrame {
  return "fault" in opened;
}

function openHeader(bytes: Uint8Array): FrameHeader {
  try {
    return fromBinary(FrameHeaderSchema, bytes);
  } catch (cause) {
    throw new BadFrameError("header", "frame header is not a FrameHeader", { cause });
  }
}

export function newHeader(
  fields: Partial<Omit<FrameHeader, "$typeName" | "$unknown">>,
): FrameHeader {
  return create(FrameHeaderSchema, fields);
}

export function positionOf(header: FrameHeader): Position {
  return { epoch: header.epoch, sequence: header.sequence };
}

export function toWireSignal(signal: Signal, signals: Signals = builtInSignals): WireSignal {
  const { code } = signals.of(signal);
  assert(isWireSignal(code), `signal ${signal} has a whole number as code`);
  return code;
}

/** Enums of proto3 are open: a number that this version has no name for is one, too. */
function isWireSignal(code: number): code is WireSignal {
  return Number.isInteger(code) && code > 0;
}

/** undefined for a signal that is not among these. */
export function fromWireSignal(
  wire: WireSignal,
  signals: Signals = builtInSignals,
): Signal | undefined {
  return signals.names.find((name) => toWireSignal(name, signals) === wire);
}
