import { expect, test } from "bun:test";
import { columnBefore, columnNear, columnPlane } from "./time_plane.ts";

const size = { top: 10, bottom: 90 };

test("columnPlane() puts each time at the centre of its column, and reads every pixel back", () => {
  const times = [0, 100, 400, 500];
  const plane = columnPlane(times, 20, 40, size);
  expect(times.map((ms) => plane?.xOf(ms))).toEqual([20, 60, 100, 140]);
  expect([plane?.left, plane?.right, plane?.startMs, plane?.endMs]).toEqual([0, 160, -50, 550]);
  for (let x = 0; x <= 160; x++) expect(plane?.xOf(plane.msOf(x))).toBeCloseTo(x);
  expect(plane?.msOf(80)).toBe(250);
});

test("columnPlane() says nothing of one column, which has no neighbour to tell how time runs", () => {
  expect(columnPlane([5], 20, 40, size)).toBeUndefined();
  expect(columnPlane([1, 2], 20, Number.NaN, size)).toBeUndefined();
});

test("columnBefore() and columnNear() find the last time not after a moment, and the nearest", () => {
  const times = [10, 20, 40];
  expect([0, 10, 19, 20, 39, 99].map((ms) => columnBefore(times, ms))).toEqual([0, 0, 0, 1, 1, 2]);
  expect([0, 14, 16, 29, 31, 99].map((ms) => columnNear(times, ms))).toEqual([0, 0, 1, 1, 2, 2]);
  expect(columnNear([], 1)).toBeUndefined();
});
