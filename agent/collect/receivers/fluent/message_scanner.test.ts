import { expect, test } from "bun:test";
import { encode } from "@msgpack/msgpack";
import { MessageScanner, partsOf, valueEnd } from "./message_scanner.ts";

const values: readonly unknown[] = [
  null,
  true,
  1,
  -1,
  200,
  70_000,
  5e9,
  -200,
  -70_000,
  1.5,
  "",
  "a".repeat(40),
  "b".repeat(300),
  "c".repeat(70_000),
  new Uint8Array(5),
  new Uint8Array(300),
  [],
  Array.from({ length: 20 }, (_, i) => i),
  { a: { b: [1, { c: "d" }] } },
  Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i])),
];
test("MessageScanner finds the end of every type of value, cut anywhere", () => {
  for (const value of values) {
    const bytes = Buffer.concat([encode(value), Uint8Array.of(1, 2, 3)]);
    expect(valueEnd(bytes, 0)).toBe(bytes.length - 3);
    const scanner = new MessageScanner();
    const step = Math.max(1, Math.floor(bytes.length / 50));
    for (let end = 0; end < bytes.length - 3; end += step)
      expect(scanner.scan(bytes.subarray(0, end))).toBeUndefined();
    expect(scanner.scan(bytes)).toBe(bytes.length - 3);
  }
});
test("MessageScanner reads extensions, counts parts, and refuses what is no MessagePack", () => {
  for (const ext of ["d4ff01", "d5ff0102", "d600" + "00".repeat(4), "d700" + "00".repeat(8)])
    expect(valueEnd(Buffer.from(ext, "hex"), 0)).toBe(ext.length / 2);
  expect(valueEnd(Buffer.from("d8ff" + "00".repeat(16), "hex"), 0)).toBe(18);
  expect(valueEnd(Buffer.from("c70800" + "00".repeat(8), "hex"), 0)).toBe(11);
  expect(partsOf(encode({ a: [1, 2] }))).toBe(5);
  expect(() => valueEnd(Uint8Array.of(0xc1), 0)).toThrow("no type");
  expect(() => valueEnd(Uint8Array.of(0xdd, 255, 255, 255, 255), 0)).toThrow("does not end");
  const claims = Buffer.concat(
    Array.from({ length: 3 }, () => Uint8Array.of(0xdf, 255, 255, 255, 255)),
  );
  expect(() => valueEnd(claims, 0)).toThrow("too many");
});
