/** Numbers in [0, below), the same for the same seed (mulberry32). */
export function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** A copy with one to four changes: a byte set, bytes cut out, a long varint put in, or a stretch repeated. */
export function mutated(
  message: Uint8Array,
  random: (below: number) => number,
): Uint8Array<ArrayBuffer> {
  let bytes = Buffer.from(message);
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(bytes.length + 1);
    const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
    const kind = random(4);
    if (kind === 0 && at < bytes.length) bytes[at] = random(256);
    else if (kind === 1) bytes = Buffer.concat([before, bytes.subarray(at + random(8))]);
    else if (kind === 2)
      bytes = Buffer.concat([before, Buffer.from([random(256), 255, random(256)]), behind]);
    else bytes = Buffer.concat([before, bytes.subarray(random(at + 1))]);
  }
  return new Uint8Array(bytes);
}

/** FUZZ_SEED, or a fixed one: what a run tried can be tried again. */
export function fuzzSeed(): number {
  return Number(process.env["FUZZ_SEED"] ?? 20_261_121);
}
