import { expect, test } from "bun:test";
import { lostNumbers } from "./lost_numbers.ts";

const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);

test("numbers of a lost block that were taken again count once, wherever they are now", () => {
  // Taken again after the catalog was lost, into another block that was given up, and then into one that is there.
  expect(sorted(lostNumbers([[1, 2, 3], [1, 2, 4], [5]], 2, [1]))).toEqual([2, 3, 4, 5]);
  expect(sorted(lostNumbers([[1, 2], [1]], 1, []))).toEqual([1, 2]);
});

test("a number that a catalog lost twice, or that is there besides, is given twice", () => {
  expect(sorted(lostNumbers([[1], [1, 2]], 0, [2]))).toEqual([1, 1, 2]);
});
