import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { canonicalFloat, parseGoFloatText } from "./go_float.ts";

test.each([
  ["0", 0],
  ["-0", -0],
  ["1", 1],
  ["+1.5", 1.5],
  [".5", 0.5],
  ["5.", 5],
  ["1e3", 1_000],
  ["1E+3", 1_000],
  ["1.5e-7", 1.5e-7],
  ["9007199254740993", 9_007_199_254_740_992],
  ["0.1234567890123456789", 0.12345678901234568],
  ["1e23", 1e23],
  ["4.9e-324", 5e-324],
  ["1e-999", 0],
  ["000000000000000000000000000001", 1],
  ["Inf", Infinity],
  ["+inf", Infinity],
  ["-INFINITY", -Infinity],
  ["NaN", Number.NaN],
  ["nan", Number.NaN],
  ["0x1p4", 16],
  ["-0X1.8p1", -3],
  ["0x.8p0", 0.5],
  ["0x1p-1074", 5e-324],
])("parseGoFloatText() reads %p as %p", (text, value) => {
  expect(parseGoFloatText(text)).toBe(value);
});

test.each([
  "",
  " ",
  "-",
  ".",
  "e5",
  "1e",
  "1e+",
  "1_000",
  "0x10",
  "0x",
  "0b1",
  "0o7",
  "1e999",
  "-1e999",
  "0x1p99999",
  "+nan",
  "-nan",
  "infin",
  "1 ",
  "1,5",
  "١",
  "1f",
  "--1",
])("parseGoFloatText() refuses %p", (text) => {
  expect(parseGoFloatText(text)).toBeUndefined();
});

test("parseGoFloatText() reads back every double from its shortest and its exponent text", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(parseGoFloatText(String(value))).toBe(Object.is(value, -0) ? 0 : value);
      expect(parseGoFloatText(value.toExponential())).toBe(Object.is(value, -0) ? 0 : value);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  [1, "1.0"],
  [0, "0.0"],
  [-0, "0.0"],
  [-1, "-1.0"],
  [0.5, "0.5"],
  [0.001, "0.001"],
  [0.0001, "0.0001"],
  [0.00001, "1e-05"],
  [100_000, "100000.0"],
  [1_000_000, "1e+06"],
  [1_234_567.5, "1.2345675e+06"],
  [2.5e-10, "2.5e-10"],
  [1e100, "1e+100"],
  [Infinity, "+Inf"],
  [-Infinity, "-Inf"],
  [Number.NaN, "NaN"],
])("canonicalFloat() writes %p as %p", (value, text) => {
  expect(canonicalFloat(value)).toBe(text);
});
