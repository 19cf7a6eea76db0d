import { isTurnOver, nextTurn } from "./turns.ts";

/** For loops of unknown length: to be awaited between pieces of work of a millisecond at most. Gives others a turn once it is time. */
export function pacer(): () => Promise<void> | undefined {
  return () => (isTurnOver() ? nextTurn() : undefined);
}
