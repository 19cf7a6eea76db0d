import type { CommittedPosition } from "#proto/bus/agent_port.ts";
import { type Span, upTo, withoutSpans } from "#shared/model/spans.ts";
import type { ChainCommit, LaneCommit } from "../read/store.ts";

/** What agents hear about a commit. */
export function committedOf({ lane, position, ahead }: LaneCommit): CommittedPosition {
  return { lane, position, ...(ahead.length === 0 ? {} : { ahead: ahead.map(spanOf) }) };
}

/** All frames that are taken. */
export function framesOf({ position, ahead }: LaneCommit): Span[] {
  return upTo(position, ahead.map(spanOf));
}

/** Of two commits of a lane, whether the first is the later one: a lane's frames never become fewer. */
export function isLater(one: LaneCommit, other: LaneCommit): boolean {
  return withoutSpans(framesOf(one), framesOf(other)).length > 0;
}

function spanOf({ epoch, position }: ChainCommit): Span {
  return { from: { epoch, sequence: 0 }, to: position };
}
