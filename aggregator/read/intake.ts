import type { LaneId } from "#proto/bus/agent_port.ts";
import type { Frame } from "#proto/codec/envelope.ts";
import type { Drops } from "#shared/model/account.ts";

/** How frames of a signal become items of the head. */
export type Intake = {
  /** For the frames of one epoch in order, or for any frames where the signal does not need its epoch. */
  newDecoder(): FrameDecoder;
};

/** Throws OperatingError("corrupt") for a frame that makes no sense. */
export type FrameDecoder = { decode(frame: Frame): Append };

/** Appends what was decoded to the head. Returns what was not kept, by reason, in items. */
export type Append = (lane: LaneId, nowMs: number, isBacklog: boolean) => Drops;
