import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { packed } from "./packed_column.fixture.ts";
import { unpackDigits } from "./packed_digits.ts";

const read = (bytes: Uint8Array, count: number) => () => unpackDigits(bytes, [bytes.length], count);
const unpacked = (hex: string, count: number) =>
  Buffer.from(read(Buffer.from(hex, "hex"), count)()).toString();
const digits = fc.stringMatching(/^[0-9]{1,80}$/);

test("unpackDigits() gives back the digits of all values, packed or as text", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(digits, fc.boolean()), { maxLength: 20 }), (values) => {
      const bytes = values.map(([text, isPacked]) =>
        isPacked ? packed(text) : Buffer.from(`\0${text}`),
      );
      const lengths = bytes.map(({ length }) => length);
      const wanted = values.map(([text]) => text).join("");
      const found = unpackDigits(Buffer.concat(bytes), lengths, wanted.length);
      expect(Buffer.from(found).toString()).toBe(wanted);
    }),
  );
});

test("unpackDigits() reads a number for twelve digits, as the document says", () => {
  expect(unpacked("0107", 1)).toBe("7");
  expect(unpacked("0263", 2)).toBe("99");
  expect(unpacked("030001", 3)).toBe("001");
  expect(unpacked("05e8d4a50fff000000002a000000", 29)).toBe("99999999999900000000004200000");
});

test("unpackDigits() refuses what is no such value, and other numbers of digits", () => {
  const bytes = packed("12345678901234567");
  expect(read(bytes, 17)).not.toThrow();
  expect(read(bytes, 16)).toThrow("more digits than texts have");
  expect(read(bytes, 18)).toThrow("17 digits instead of 18");
  expect(read(bytes.subarray(0, -1), 17)).toThrow("digits of form 5 in 8 bytes");
  expect(read(Uint8Array.of(13, 0, 0), 3)).toThrow("digits of form 13");
  expect(read(Uint8Array.of(2, 100), 2)).toThrow("too large");
  expect(read(Uint8Array.of(12, 255, 255, 255, 255, 255), 12)).toThrow("too large");
  expect(read(Uint8Array.of(1, 255, 255, 255, 255, 255, 1), 13)).toThrow("too large");
  expect(() => unpackDigits(bytes, [bytes.length + 9], 17)).toThrow("cut off");
});
