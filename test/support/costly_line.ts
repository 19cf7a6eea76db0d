/** An expression of hundreds of states, and more still of an automaton. */
export const costlyPattern = "[ab].{300}z";

/** Letters in an order that never repeats, so that no state of an automaton is met twice. The pattern's "z" stands first, in vain. */
export function costlyLine(length: number): string {
  let seed = 1;
  const next = () => (seed = (seed * 48_271) % 0x7f_ff_ff_ff);
  return `z${Array.from({ length: length - 1 }, () => "abcd"[next() % 4]).join("")}`;
}
