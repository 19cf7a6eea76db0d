const basis = 0x811c9dc5 | 0;
const prime = 0x01000193;

/** A word's hash: FNV-1a in 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/) over four bytes at a time, then over those that are left. */
export function hashWord(bytes: Uint8Array, start: number, end: number): number {
  let hash = basis;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const four =
      (bytes[i] ?? 0) |
      ((bytes[i + 1] ?? 0) << 8) |
      ((bytes[i + 2] ?? 0) << 16) |
      ((bytes[i + 3] ?? 0) << 24);
    hash = Math.imul(hash ^ four, prime);
    // High bits of the four would else stay high.
    hash ^= hash >>> 15;
  }
  for (; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), prime);
  return hash;
}
