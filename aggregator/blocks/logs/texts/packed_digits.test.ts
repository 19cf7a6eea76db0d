import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { ByteSink } from "../../parquet/byte_sink.ts";
import { packDigits, packedBytes, unpackDigits, writeDigits } from "./packed_digits.ts";

function bytesOf(text: string): string {
  const sink = new ByteSink(0);
  packDigits(sink, Buffer.from(text), 0, text.length);
  return Buffer.from(sink.written()).toString("hex");
}

const read = (bytes: Uint8Array, count: number) => () => unpackDigits(bytes, [bytes.length], count);
const digits = fc.stringMatching(/^[0-9]{1,80}$/);

test("unpackDigits() gives back the digits of all values, packed or as text", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(digits, fc.boolean()), { maxLength: 20 }), (values) => {
      const sink = new ByteSink(0);
      const lengths = values.map(([text, isPacked]) => {
        const before = sink.length;
        // Among others, so that the ends count.
        const all = Buffer.from(`77${text}9`);
        (isPacked ? packDigits : writeDigits)(sink, all, 2, all.length - 1);
        if (isPacked) expect(sink.length - before).toBe(packedBytes(text.length));
        return sink.length - before;
      });
      const wanted = values.map(([text]) => text).join("");
      const found = unpackDigits(sink.written(), lengths, wanted.length);
      expect(Buffer.from(found).toString()).toBe(wanted);
    }),
  );
});

test("packDigits() writes a number for twelve digits, as the document says", () => {
  expect(bytesOf("7")).toBe("0107");
  expect(bytesOf("99")).toBe("0263");
  expect(bytesOf("001")).toBe("030001");
  expect(bytesOf("123456789012")).toBe(`0c${(123_456_789_012).toString(16).padStart(10, "0")}`);
  expect(bytesOf("99999999999900000000004200000")).toBe("05e8d4a50fff000000002a000000");
});

test("unpackDigits() refuses what is no such value, and other numbers of digits", () => {
  const sink = new ByteSink(0);
  packDigits(sink, Buffer.from("12345678901234567"), 0, 17);
  const packed = sink.written();
  expect(read(packed, 17)).not.toThrow();
  expect(read(packed, 16)).toThrow("more digits than texts have");
  expect(read(packed, 18)).toThrow("17 digits instead of 18");
  expect(read(packed.subarray(0, -1), 17)).toThrow("digits of form 5 in 8 bytes");
  expect(read(Uint8Array.of(13, 0, 0), 3)).toThrow("digits of form 13");
  expect(read(Uint8Array.of(2, 100), 2)).toThrow("too large");
  expect(read(Uint8Array.of(12, 255, 255, 255, 255, 255), 12)).toThrow("too large");
  expect(read(Uint8Array.of(1, 255, 255, 255, 255, 255, 1), 13)).toThrow("too large");
  expect(() => unpackDigits(packed, [packed.length + 9], 17)).toThrow("cut off");
});
