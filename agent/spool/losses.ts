import type { DropReason } from "#shared/model/account.ts";
import type { Position } from "#shared/model/position.ts";
import { comparePositions } from "#shared/model/position.ts";

/** Frames after `after` up to and with `to` are gone from the spool for good. */
export type Loss = {
  readonly after: Position;
  readonly to: Position;
  readonly reason: DropReason;
};

/** Neighbours with one reason become one entry, so this is more than a spool will ever lose at different times. */
const lossesMax = 64;

/** Adds a loss; the oldest is forgotten at the bound. */
export function addLoss(losses: readonly Loss[], loss: Loss): Loss[] {
  const last = losses.at(-1);
  if (last !== undefined && last.reason === loss.reason) {
    const touches = comparePositions(loss.after, last.to) <= 0 || loss.after.sequence === 0;
    if (touches && comparePositions(loss.to, last.to) >= 0)
      return [...losses.slice(0, -1), { ...last, to: loss.to }];
  }
  return [...losses, loss].slice(-lossesMax);
}

/** Why frames between `after` and `before` (both exclusive; open-ended when undefined) are gone, or undefined. */
export function reasonBetween(
  losses: readonly Loss[],
  after: Position,
  before: Position | undefined,
): DropReason | undefined {
  return losses.find(
    (loss) =>
      comparePositions(loss.to, after) > 0 &&
      (before === undefined || comparePositions(loss.after, before) < 0),
  )?.reason;
}
