import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { setStale, wordsOf } from "#shared/model/special_values.ts";
import { readXorChunk } from "#test/support/read_xor_chunk.ts";
import { chunkSamplesMax, XorChunkWriter } from "./xor_chunk.ts";

const writer = new XorChunkWriter();

function packed(times: readonly number[], values: Float64Array): Uint8Array {
  return writer.chunk(Float64Array.from(times), wordsOf(values), 0, times.length);
}

test("XorChunkWriter writes three samples as the format says, byte by byte", () => {
  // 3 samples; zigzag(1000) = d0 0f; 1.0 = 3ff0...; delta 15000 = 98 75; same value: 0; same delta: 0; 2.0 follows:
  // xor 7ff0...: new window (1 1), leading 1 (00001), 11 bits (001011), 11111111111.
  const bytes = packed([1_000, 16_000, 31_000], Float64Array.of(1, 1, 2));
  expect(Buffer.from(bytes).toString("hex")).toBe(
    ["0003", "d00f", "3ff0000000000000", "9875"].join("") +
      // 0 | 0 | 11 00001 001011 11111111111, then zeros to the end of the byte.
      BigInt(`0b${"0".concat("0", "11", "00001", "001011", "11111111111").padEnd(32, "0")}`)
        .toString(16)
        .padStart(8, "0"),
  );
});
test("XorChunkWriter writes what a reader of the format gives back, bit by bit", () => {
  const words = fc.tuple(fc.integer(), fc.integer());
  const steps = fc.oneof(
    fc.constant(15_000),
    fc.integer({ min: 1, max: 40_000 }),
    fc.integer({ min: 1, max: 2 ** 40 }),
  );
  const samples = fc.array(
    fc.tuple(steps, fc.oneof(words, fc.constant([0, 0x3ff0_0000] as const))),
    {
      minLength: 1,
      maxLength: chunkSamplesMax,
    },
  );
  fc.assert(
    fc.property(samples, fc.integer({ min: -(2 ** 41), max: 2 ** 41 }), (drawn, first) => {
      let time = first;
      const times = drawn.map(([step]) => (time += step));
      const values = new Float64Array(drawn.length);
      const into = wordsOf(values);
      for (const [i, [, [low, high]]] of drawn.entries()) {
        into[2 * i] = low;
        into[2 * i + 1] = high;
      }
      const read = readXorChunk(packed(times, values));
      expect(read.timestampsMs).toEqual(times);
      expect(read.words).toEqual([...into]);
    }),
  );
});
test("XorChunkWriter keeps stale markers", () => {
  const values = Float64Array.of(1, 0);
  setStale(wordsOf(values), 1);
  expect(readXorChunk(packed([0, 1], values)).words.slice(2)).toEqual([2, 0x7ff0_0000]);
});
