import type { FrameHeader } from "#proto/gen/v1/frame_pb.js";

/** More than a million items a second over thirty years: a count beyond was never counted. */
const itemsMax = 1e15;
/** Unix milliseconds and what is made of them stay far below. */
const epochMax = Number.MAX_SAFE_INTEGER;

/** What an agent reports about a lane beside its items, in a frame or a heartbeat. */
type ToldCounts = {
  readonly itemsTotal: number;
  readonly drops: Readonly<Record<string, number>>;
};

/**
 * Whether counts may be those of an agent. The account only grows, so that one forged count would stay in it for good.
 */
export function isPlausible({ itemsTotal, drops }: ToldCounts): boolean {
  return isCount(itemsTotal) && Object.values(drops).every(isCount);
}

/** The same of a frame, whose position is numbers, too. */
export function isPlausibleHeader(header: FrameHeader): boolean {
  return isPlausible(header) && isEpoch(header.epoch) && isEpoch(header.previousEpoch);
}

function isCount(count: number): boolean {
  return Number.isInteger(count) && count >= 0 && count <= itemsMax;
}

function isEpoch(epoch: number): boolean {
  return epoch >= 0 && epoch <= epochMax;
}
