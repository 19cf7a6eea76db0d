const setsMax = 10_000;
const known = new Map<string, Uint8Array>();

/** A set of bytes with 256 entries; the same object for equal sets, as long as there are not too many of them. */
export function sameSet(isIn: Uint8Array): Uint8Array {
  const key = Buffer.from(isIn.buffer, isIn.byteOffset, isIn.length).toString("latin1");
  const one = known.get(key);
  if (one !== undefined) return one;
  if (known.size < setsMax) known.set(key, isIn);
  return isIn;
}
