import { create } from "@bufbuild/protobuf";
import type { Position } from "#shared/model/position.ts";
import type { Signal, Signals } from "#shared/signals.ts";
import type { Span } from "#shared/model/spans.ts";
import { fromWireSignal, toWireSignal } from "../codec/envelope.ts";
import type { LanePosition } from "../gen/v1/control_pb.js";
import { LanePositionSchema } from "../gen/v1/control_pb.js";

/** `ahead`: spans beyond the position, each from the beginning of an epoch. */
export function toLanePosition(
  signals: Signals,
  signal: Signal,
  position: Position,
  ahead: readonly Span[] = [],
): LanePosition {
  const { epoch, sequence } = position;
  return create(LanePositionSchema, {
    signal: toWireSignal(signal, signals),
    epoch,
    sequence,
    ahead: ahead.map(({ from, to }) => ({
      firstEpoch: from.epoch,
      lastEpoch: to.epoch,
      lastSequence: to.sequence,
    })),
  });
}

/** undefined for a signal that is not among these. */
export function fromLanePosition(
  signals: Signals,
  wire: LanePosition,
):
  | { readonly signal: Signal; readonly position: Position; readonly ahead: readonly Span[] }
  | undefined {
  const signal = fromWireSignal(wire.signal, signals);
  if (signal === undefined) return undefined;
  const ahead = wire.ahead.map(({ firstEpoch, lastEpoch, lastSequence }) => ({
    from: { epoch: firstEpoch, sequence: 0 },
    to: { epoch: lastEpoch, sequence: lastSequence },
  }));
  return { signal, position: { epoch: wire.epoch, sequence: wire.sequence }, ahead };
}
