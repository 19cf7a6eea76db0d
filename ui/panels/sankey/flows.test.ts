import { expect, test } from "bun:test";
import { frameOf, numbers, texts } from "../parts/sample_frames.ts";
import { flowsOf } from "./flows.ts";
import { SankeyOptions } from "./options.ts";

const options = SankeyOptions.parse({});

test("flowsOf() adds up what goes from column to column", () => {
  const frame = frameOf("", [
    texts("a", ["x", "x", "y"]),
    texts("b", ["m", "m", "m"]),
    texts("c", ["p", "q", "p"]),
    numbers("v", [1, 2, 4]),
  ]);
  const { flows } = flowsOf([frame], options);
  expect(flows.map(({ from, to, value }) => `${from}>${to} ${value}`).toSorted()).toEqual([
    "m>p 5",
    "m>q 2",
    "x>m 3",
    "y>m 4",
  ]);
  expect(flows.find(({ from }) => from === "x")?.largest.row).toBe(1);
});

test("flowsOf() leaves out what would close a circle, the smallest first, and counts it", () => {
  const frame = frameOf("", [
    texts("from", ["a", "b", "c", "d"]),
    texts("to", ["b", "c", "a", "d"]),
    numbers("v", [3, 2, 1, 9]),
  ]);
  const { flows, circular } = flowsOf([frame], options);
  expect(flows.map(({ from, to }) => from + to)).toEqual(["ab", "bc"]);
  expect(circular).toBe(2);
});

test("flowsOf() takes labels of series where there are no columns of texts", () => {
  const frame = frameOf("", [numbers("v", [1, 7, Number.NaN], {}, { from: "a", to: "b" })]);
  expect(flowsOf([frame], options).flows).toMatchObject([
    { from: "a", to: "b", value: 7, largest: { row: 1 } },
  ]);
});

test("flowsOf() has no flow of zero or less", () => {
  const frame = frameOf("", [
    texts("a", ["x", "y"]),
    texts("b", ["m", "m"]),
    numbers("v", [0, -1]),
  ]);
  expect(flowsOf([frame], options).flows).toEqual([]);
});
