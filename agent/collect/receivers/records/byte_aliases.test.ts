import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { ByteAliases } from "./byte_aliases.ts";

test("ByteAliases does what a Map of the bytes as text does, for all lengths and places", () => {
  const key = fc.uint8Array({ maxLength: 12, max: 2 });
  const operation = fc.record({ key, column: fc.nat(), pad: fc.nat(5), isSet: fc.boolean() });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
      const aliases = new ByteAliases();
      const expected = new Map<string, number>();
      for (const { key: bytes, column, pad, isSet } of operations) {
        const view = Uint8Array.from([...Array(pad).fill(9), ...bytes, 9, 9]);
        const [start, end] = [pad, pad + bytes.length];
        const text = bytes.join();
        expect(aliases.get(view, start, end)).toBe(expected.get(text));
        if (!isSet) continue;
        aliases.set(view, start, end, column);
        expected.set(text, column);
      }
      expect(aliases.size).toBe(expected.size);
    }),
    { seed: 11, numRuns: 300 },
  );
});
test("ByteAliases keeps the newest number of each key while it grows, and forgets all at clear()", () => {
  const aliases = new ByteAliases();
  const view = Buffer.alloc(8);
  const expected: number[] = [];
  const set = (key: number, number: number): void => {
    view.writeUInt32LE(key);
    aliases.set(view, 0, 8, number);
    expected[key] = number;
  };
  const get = (key: number): number | undefined => {
    view.writeUInt32LE(key);
    return aliases.get(view, 0, 8);
  };
  for (let i = 0; i < 20_000; i++) {
    set(i, i);
    const older = (i * 7_919) % (i + 1);
    expect(get(older)).toBe(expected[older]);
    set(older, 100_000 + i);
    expect([get(older), aliases.size]).toEqual([100_000 + i, i + 1]);
  }
  expect(expected.map((_, key) => get(key))).toEqual(expected);
  aliases.clear();
  expect([aliases.size, get(777)]).toEqual([0, undefined]);
});
