import { nextTurn } from "./turns.ts";

/** Longest that paced work keeps the event loop to itself. */
const sliceMs = 15;

/** For loops of unknown length: to be awaited between pieces of work of a millisecond at most. Gives others a turn once it is time. */
export function pacer(): () => Promise<void> | undefined {
  let turnedMs = performance.now();
  const turn = async (): Promise<void> => {
    await nextTurn();
    turnedMs = performance.now();
  };
  return () => (performance.now() - turnedMs < sliceMs ? undefined : turn());
}
