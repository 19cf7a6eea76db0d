import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { compressSync, uncompressSync } from "snappy";
import { SnappyMemory, packSnappy, unpackSnappy, unpackSnappySteps } from "./snappy_block.ts";

const bytesMax = 1 << 20;
/** Repetitive as well as random bytes, past the size of a piece. */
const inputs = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc
    .array(fc.constantFrom("job", "instance", "a", "\u0000\u0000\u0000"), { maxLength: 2_000 })
    .map((words) => new TextEncoder().encode(words.join(""))),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 90 }), fc.integer({ min: 1, max: 3_000 }))
    .map(([piece, times]) => Buffer.concat(Array.from({ length: times }, () => piece))),
);

test("packSnappy() writes what the reference implementation reads", () => {
  // The reference's binding has no word for a block of nothing.
  expect([...packSnappy(new Uint8Array(0))]).toEqual([0]);
  fc.assert(
    fc.property(inputs, (input) => {
      if (input.length === 0) return;
      const unpacked = uncompressSync(Buffer.from(packSnappy(input)), { asBuffer: true });
      expect(Buffer.compare(Buffer.from(unpacked), Buffer.from(input))).toBe(0);
    }),
  );
});
test("unpackSnappy() reads what the reference implementation and packSnappy() write", () => {
  fc.assert(
    fc.property(inputs, (input) => {
      for (const packed of [compressSync(Buffer.from(input)), packSnappy(input)])
        expect(Buffer.compare(unpackSnappy(packed, bytesMax), Buffer.from(input))).toBe(0);
    }),
  );
});
test("unpackSnappy() gives the same out of memory that it has used before, of whatever size", () => {
  const memory = new SnappyMemory();
  fc.assert(
    fc.property(inputs, (input) => {
      const packed = compressSync(Buffer.from(input));
      expect(Buffer.compare(unpackSnappy(packed, bytesMax, memory), Buffer.from(input))).toBe(0);
    }),
  );
  const large = new Uint8Array(1 << 20).fill(7);
  const first = unpackSnappy(packSnappy(large), bytesMax, memory);
  const second = unpackSnappy(packSnappy(Uint8Array.of(1, 2, 3)), bytesMax, memory);
  expect([...second]).toEqual([1, 2, 3]);
  expect(first.buffer).not.toBe(second.buffer);
  expect(first.every((byte) => byte === 7)).toBe(true);
});
test("unpackSnappy() copies bytes that it is just writing, with offsets of one, two and four bytes", () => {
  const start = Array.from({ length: 12 }, (_, i) => i);
  for (let offset = 1; offset <= start.length; offset++)
    for (let length = 1; length <= 64; length++) {
      const wanted = [...start];
      for (let i = 0; i < length; i++) wanted.push(wanted[wanted.length - offset] ?? 0);
      const copies = [
        [((length - 1) << 2) | 2, offset, 0],
        [((length - 1) << 2) | 3, offset, 0, 0, 0],
        ...(length >= 4 && length <= 11 ? [[((length - 4) << 2) | 1, offset]] : []),
      ];
      for (const copy of copies) {
        const block = Uint8Array.of(
          start.length + length,
          (start.length - 1) << 2,
          ...start,
          ...copy,
        );
        expect([...unpackSnappy(block, bytesMax)]).toEqual(wanted);
      }
    }
  const far = Uint8Array.of(8, 3 << 2, 0, 1, 2, 3, 1, 5);
  expect(() => unpackSnappy(far, bytesMax)).toThrow("copies from before its start");
});
test("packSnappy() makes repetition small", () => {
  expect(packSnappy(new Uint8Array(100_000)).length).toBeLessThan(6_000);
});
test("unpackSnappy() refuses a block that claims more than is allowed, or than it can hold", () => {
  expect(() => unpackSnappy(packSnappy(new Uint8Array(100)), 99)).toThrow("claims 100 bytes");
  expect(() => unpackSnappy(Uint8Array.of(0xff, 0xff, 0x0f, 0), bytesMax)).toThrow(
    "claims more than it can hold",
  );
  expect(() => unpackSnappy(new Uint8Array(0), bytesMax)).toThrow("has no length");
});

/** What it gives, or throws, for people to compare. */
function outcome(unpack: () => Uint8Array): string {
  try {
    return Buffer.from(unpack()).toString("base64");
  } catch (thrown) {
    return String(thrown);
  }
}

test("unpackSnappySteps() gives what unpackSnappy() gives, and many steps for a large block", () => {
  const stepped = (packed: Uint8Array): Uint8Array => {
    const steps = unpackSnappySteps(packed, bytesMax);
    for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
  };
  fc.assert(
    fc.property(inputs, fc.nat(), fc.nat(255), (input, place, byte) => {
      const packed = Uint8Array.from(compressSync(Buffer.from(input)));
      expect(outcome(() => stepped(packed))).toBe(outcome(() => unpackSnappy(packed, bytesMax)));
      packed[place % packed.length] = byte;
      expect(outcome(() => stepped(packed))).toBe(outcome(() => unpackSnappy(packed, bytesMax)));
    }),
  );
  const packed = packSnappy(Buffer.alloc(bytesMax, "all of this comes again and again, "));
  expect([...unpackSnappySteps(packed, bytesMax)]).toHaveLength(4);
  expect(Buffer.compare(stepped(packed), unpackSnappy(packed, bytesMax))).toBe(0);
});
