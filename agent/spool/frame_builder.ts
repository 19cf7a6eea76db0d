import { encodeFrame, frameBytesMax, newHeader } from "#proto/codec/envelope.ts";
import type { EncodedBody } from "#proto/codec/metrics_body.ts";
import type { FrameHeader } from "#proto/gen/v1/frame_pb.js";
import { Compression, FrameKind, type Signal as WireSignal } from "#proto/gen/v1/frame_pb.js";
import { assert } from "#shared/assert.ts";
import type { Drops } from "#shared/model/account.ts";
import type { Position } from "#shared/model/position.ts";
import type { Signal } from "#shared/signals.ts";

/** Whose frames they are. */
export type LaneName = {
  readonly tenant: string;
  readonly agent: string;
  readonly signal: Signal;
  /** The signal's number in headers. */
  readonly code: WireSignal;
};

/** A frame on its way to the disk. */
export type BuiltFrame = {
  readonly bytes: Uint8Array;
  readonly position: Position;
  /** Of this frame, and of the lane up to and with it. */
  readonly items: number;
  readonly itemsTotal: number;
  readonly createdMs: number;
  /** As in the header. */
  readonly isAhead: boolean;
};

type Place = { readonly position: Position; readonly itemsTotal: number };
type Texts = Readonly<Record<string, string>>;
type HeaderFields = Parameters<typeof newHeader>[0];

/** Checkpoints in one header, beside a body that leaves 16 KiB for it; more goes into further OPEN frames. */
const checkpointBytesMax = 12 * 1024;
const noBody = new Uint8Array();

/** The OPEN frame of an epoch, and further ones where the checkpoints do not fit into one. `isAhead`: it need not wait for what lies before. */
export function openFrames(
  lane: LaneName,
  before: Place,
  epoch: number,
  drops: Drops,
  checkpoints: ReadonlyMap<string, string>,
  createdMs: number,
  isAhead = false,
): BuiltFrame[] {
  return splitCheckpoints(Object.fromEntries(checkpoints)).map((part, i) =>
    build(lane, { epoch, sequence: i + 1 }, noBody, {
      kind: FrameKind.OPEN,
      // A further one follows the one before it, like any other frame.
      previousEpoch: i === 0 ? before.position.epoch : epoch,
      previousSequence: i === 0 ? before.position.sequence : i,
      itemsTotal: before.itemsTotal,
      drops: i === 0 ? countsOf(drops) : {},
      checkpoints: part,
      createdMs,
      compression: Compression.NONE,
      ahead: i === 0 && isAhead,
    }),
  );
}

/**
 * DATA frames for the bodies, after `before`. Checkpoints stand in the last one, because they speak of all the items; where they
 * don't fit they go on in OPEN frames, which hold no items. (Only logs have checkpoints, and log bodies know no state that
 * an OPEN frame in mid-epoch could reset.)
 */
export function dataFrames(
  lane: LaneName,
  before: Place,
  bodies: readonly EncodedBody[],
  drops: Drops,
  checkpoints: Texts,
  createdMs: number,
): BuiltFrame[] {
  const { epoch } = before.position;
  let { sequence } = before.position;
  let { itemsTotal } = before;
  const [firstPart = {}, ...parts] = splitCheckpoints(checkpoints);
  const frames = bodies.map((encoded, i) => {
    itemsTotal += encoded.items;
    return build(lane, { epoch, sequence: ++sequence }, encoded.body, {
      kind: FrameKind.DATA,
      items: encoded.items,
      itemsTotal,
      drops: i === 0 ? countsOf(drops) : {},
      checkpoints: i === bodies.length - 1 ? firstPart : {},
      createdMs,
      compression: encoded.compression,
      bodySize: encoded.bodySize,
      bodyVersion: encoded.bodyVersion,
    });
  });
  const rest = bodies.length === 0 ? [firstPart, ...parts] : parts;
  for (const part of rest)
    frames.push(
      build(lane, { epoch, sequence: ++sequence }, noBody, {
        kind: FrameKind.OPEN,
        previousEpoch: epoch,
        previousSequence: sequence - 1,
        itemsTotal,
        drops: countsOf(drops),
        checkpoints: part,
        createdMs,
        compression: Compression.NONE,
      }),
    );
  return frames;
}

function build(
  lane: LaneName,
  position: Position,
  body: Uint8Array,
  fields: HeaderFields,
): BuiltFrame {
  const header: FrameHeader = newHeader({
    ...fields,
    tenant: lane.tenant,
    agent: lane.agent,
    signal: lane.code,
    epoch: position.epoch,
    sequence: position.sequence,
  });
  const bytes = encodeFrame(header, body);
  assert(bytes.length <= frameBytesMax, `frame of ${bytes.length} bytes, at most ${frameBytesMax}`);
  const { items, itemsTotal, createdMs, ahead: isAhead } = header;
  return { bytes, position, items, itemsTotal, createdMs, isAhead };
}

/** One part at least; each small enough for a header beside a full body. */
function splitCheckpoints(checkpoints: Texts): Texts[] {
  const parts: Record<string, string>[] = [];
  let part: Record<string, string> = {};
  let size = 0;
  for (const [key, value] of Object.entries(checkpoints)) {
    // At most three bytes of UTF-8 a UTF-16 unit, and a few for the field.
    const bytes = 3 * (key.length + value.length) + 16;
    if (size > 0 && size + bytes > checkpointBytesMax) {
      parts.push(part);
      part = {};
      size = 0;
    }
    part[key] = value;
    size += bytes;
  }
  return [...parts, part];
}

function countsOf(drops: Drops): Record<string, number> {
  return Object.fromEntries(
    Object.entries(drops).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}
