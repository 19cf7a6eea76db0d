import { expect, test } from "bun:test";
import { frameOf, numbers, texts } from "../parts/sample_frames.ts";
import { flameOf } from "./flame.ts";

test("flameOf() places each frame inside the one that called it", () => {
  const frame = frameOf("", [
    numbers("level", [0, 1, 2, 1]),
    numbers("value", [10, 6, 2, 3]),
    numbers("self", [1, 4, 2, 3]),
    texts("label", ["main", "parse", "read", "write"]),
  ]);
  const { frames, depth, total } = flameOf([frame]);
  expect(frames.map(({ name, start, parent }) => [name, start, parent])).toEqual([
    ["main", 0, -1],
    ["parse", 0, 0],
    ["read", 0, 1],
    ["write", 6, 0],
  ]);
  expect([depth, total]).toEqual([3, 10]);
});

test("flameOf() stands several roots side by side, and gives a level without a parent the nearest one", () => {
  const frame = frameOf("", [
    numbers("level", [0, 5, 0, 0]),
    numbers("value", [4, 1, 0, 2]),
    texts("label", ["a", "deep", "nothing", "b"]),
  ]);
  const { frames, total } = flameOf([frame]);
  expect(frames.map(({ name, depth, start, row }) => [name, depth, start, row])).toEqual([
    ["a", 0, 0, 0],
    ["deep", 1, 0, 1],
    ["b", 0, 4, 3],
  ]);
  expect(total).toBe(6);
});

test("flameOf() has nothing for frames of another shape", () => {
  expect(flameOf([frameOf("", [numbers("value", [1])])]).frames).toEqual([]);
});
