import { create } from "@bufbuild/protobuf";
import type { Position, Signal } from "#shared/model/position.ts";
import { fromWireSignal, toWireSignal } from "../codec/envelope.ts";
import type { LanePosition } from "../gen/v1/control_pb.js";
import { LanePositionSchema } from "../gen/v1/control_pb.js";

export function toLanePosition(signal: Signal, position: Position): LanePosition {
  const { epoch, sequence } = position;
  return create(LanePositionSchema, { signal: toWireSignal(signal), epoch, sequence });
}

/** undefined for a signal that this version does not know. */
export function fromLanePosition(
  wire: LanePosition,
): { readonly signal: Signal; readonly position: Position } | undefined {
  const signal = fromWireSignal(wire.signal);
  if (signal === undefined) return undefined;
  return { signal, position: { epoch: wire.epoch, sequence: wire.sequence } };
}
