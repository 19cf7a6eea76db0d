/**
 * A place in an agent's lane (agent, signal). Epochs grow; sequences count from 1 within an epoch. The position
 * {epoch: 0, sequence: 0} is before everything.
 */
export type Position = { readonly epoch: number; readonly sequence: number };

export const origin: Position = { epoch: 0, sequence: 0 };

/** Negative when a is before b, 0 when equal, positive when after. */
export function comparePositions(a: Position, b: Position): number {
  return a.epoch - b.epoch || a.sequence - b.sequence;
}
