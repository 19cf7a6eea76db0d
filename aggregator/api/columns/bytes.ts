/** Arrays of numbers one after another as bytes. Little-endian, as every processor is that this runs on. */
export function float64Bytes(parts: readonly (Float64Array | readonly number[])[]): Uint8Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new Uint8Array(all.buffer);
}
