import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { zstdCompressSync } from "node:zlib";
import { unzstd } from "./zstd_frames.ts";

const content = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.tuple(fc.nat(255), fc.nat(300_000)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
  fc.nat(70_000).map((length) => new Uint8Array(length).map((_, i) => 48 + ((i * i) % 10))),
);

test("unzstd() gives what several frames hold, whether they tell their sizes or not", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(content, fc.boolean()), { minLength: 1, maxLength: 3 }),
      (pieces) => {
        const whole = Buffer.concat(pieces.map(([bytes]) => bytes));
        const packed = Buffer.concat(
          pieces.map(([bytes, isPlain]) =>
            isPlain ? Bun.zstdCompressSync(bytes, { level: 1 }) : zstdCompressSync(bytes),
          ),
        );
        expect(Buffer.compare(unzstd(packed, whole.length), whole)).toBe(0);
      },
    ),
    { numRuns: 100 },
  );
});

test("unzstd() refuses frames that hold more or less than was said, or are cut off", () => {
  const packed = Bun.zstdCompressSync(new Uint8Array(10_000_000), { level: 1 });
  for (const size of [100, 9_999_999, 10_000_001]) expect(() => unzstd(packed, size)).toThrow();
  for (let length = 0; length < packed.length; length++)
    expect(() => unzstd(packed.subarray(0, length), 10_000_000)).toThrow();
  expect(() => unzstd(Buffer.from("no frame at all"), 10)).toThrow();
});

test("unzstd() refuses a frame that tells a smaller size than it holds", () => {
  const packed = Buffer.from(Bun.zstdCompressSync(new Uint8Array(1_000).fill(7), { level: 1 }));
  // A single segment of two bytes of size, 256 more than they say.
  expect((packed[4] ?? 0) & 0xe0).toBe(0x60);
  packed.writeUInt16LE(10, 5);
  expect(() => unzstd(packed, 266)).toThrow();
});
