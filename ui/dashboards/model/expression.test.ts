import { expect, test } from "bun:test";
import type { Frame } from "../../frames/frame.ts";
import { computeExpression, refsOf } from "./expression.ts";
import { frame, labelled, number, series, text } from "./transform_fixture.ts";

const window = { startMs: 0, endMs: 4 };
const answers = new Map<string, readonly Frame[]>([
  ["A", [series("A", "a", { host: "x" }, 1, 2, 3), series("A", "b", { host: "y" }, 10, 20, 30)]],
  ["B", [series("B", "c", { host: "y" }, 1, 1, 2), series("B", "d", { host: "z" }, 0, 0, 0)]],
  ["N", [frame("N", labelled(number("v", 5), {}))]],
  ["T", [frame("T", text("host", "x", "y"), number("Value", 100, 200))]],
]);
const compute = (type: string, expr: string, options: Record<string, unknown> = {}) =>
  computeExpression({ ref: "E", expr, options: { type, ...options } }, answers, window).map(
    ({ fields }) => [fields.at(-1)?.labels["host"], [...(fields.at(-1)?.values ?? [])]],
  );

test("math computes over series whose labels meet", () => {
  expect(compute("math", "$A * 2 + 1")).toEqual([
    ["x", [3, 5, 7]],
    ["y", [21, 41, 61]],
  ]);
  expect(compute("math", "${A} - $B")).toEqual([["y", [9, 19, 28]]]);
  expect(compute("math", "$A + $N")).toEqual([
    ["x", [6, 7, 8]],
    ["y", [15, 25, 35]],
  ]);
  expect(compute("math", "$A / $T")).toEqual([
    ["x", [0.01, 0.02, 0.03]],
    ["y", [0.05, 0.1, 0.15]],
  ]);
  expect(compute("math", "-2 ** 2 + 3 * (4 - 1) > 5 && !0")).toEqual([[undefined, [1]]]);
  expect(compute("math", "abs(0 - $N) + round(1.6)")).toEqual([[undefined, [7]]]);
  expect(compute("math", "is_nan(nan())")).toEqual([[undefined, [1]]]);
});

test("math says where it is wrong", () => {
  expect(() => compute("math", "$A +")).toThrow('1:5: found the end in "$A +"');
  expect(() => compute("math", "$A ; 2")).toThrow('found ";"');
  expect(() => compute("math", "drop($A)")).toThrow('"drop" is no function');
  expect(() => compute("math", "$Q")).toThrow('needs "Q"');
  expect(() => compute("math", "(".repeat(5_000))).toThrow("fewer parentheses");
});

test("reduce, resample, threshold and classic conditions", () => {
  expect(compute("reduce", "A", { reducer: "mean" })).toEqual([
    ["x", [2]],
    ["y", [20]],
  ]);
  expect(compute("reduce", "$A", { reducer: "last" })).toEqual([
    ["x", [3]],
    ["y", [30]],
  ]);
  expect(() => compute("reduce", "A", { reducer: "guess" })).toThrow('"guess" is no reducer');
  expect(
    compute("resample", "A", { window: "2ms", downsampler: "max", upsampler: "pad" })[0],
  ).toEqual(["x", [Number.NaN, 2, 3]]);
  expect(() => compute("resample", "A", { window: "x" })).toThrow('"x" is no duration');
  const above = { evaluator: { type: "gt", params: [2] } };
  expect(compute("threshold", "A", { conditions: [above] })[0]).toEqual(["x", [0, 0, 1]]);
  expect(
    compute("threshold", "A", {
      conditions: [{ evaluator: { type: "within_range", params: [1, 3] } }],
    })[0],
  ).toEqual(["x", [0, 1, 0]]);
  const conditions = [
    { query: { params: ["A"] }, reducer: { type: "max" }, ...above },
    {
      query: { params: ["B"] },
      reducer: { type: "max" },
      evaluator: { type: "gt", params: [100] },
      operator: { type: "and" },
    },
  ];
  expect(compute("classic_conditions", "", { conditions })).toEqual([[undefined, [0]]]);
  expect(compute("classic_conditions", "", { conditions: conditions.slice(0, 1) })).toEqual([
    [undefined, [1]],
  ]);
});

test("refsOf() names what has to be answered before", () => {
  expect(refsOf({ ref: "C", expr: "$A + ${B}", options: { type: "math" } })).toEqual(["A", "B"]);
  expect(refsOf({ ref: "C", expr: "A", options: { type: "reduce" } })).toEqual(["A"]);
});
