/** Other in every process, so that nobody outside can choose names that collide. */
const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;

/** 53 evenly spread bits of a text, never 0: within one process, equal texts have equal ones. */
export function hashOf(text: string): number {
  return Number(BigInt.asUintN(53, Bun.hash(text, seed))) || 1;
}
