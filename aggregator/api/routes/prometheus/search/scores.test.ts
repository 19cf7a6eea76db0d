import { expect, test } from "bun:test";
import { jaroWinkler, subsequenceScore } from "./scores.ts";

test("a subsequence scores by its runs, less gaps and what follows", () => {
  expect(subsequenceScore("abc", "abc")).toBe(1);
  expect(subsequenceScore("acb", "abc")).toBe(0);
  expect(subsequenceScore("abcd", "abc")).toBe(0);
  // Runs of 1 and 1, a gap of 1 of 3.
  expect(subsequenceScore("ac", "abc")).toBeCloseTo((2 - 1 / 3) / 4, 12);
  // From the second "a" there is one run of 2 after 2 characters, which beats what begins at the first.
  expect(subsequenceScore("ab", "axab")).toBeCloseTo((4 - 2 / 4) / 4, 12);
});
test("characters outside the basic plane are one each", () => {
  expect(subsequenceScore("😀b", "a😀b")).toBeCloseTo((4 - 1 / 3) / 4, 12);
  expect(jaroWinkler("😀", "😁")).toBe(0);
});
test("Jaro-Winkler gives the values that are published for common examples", () => {
  expect(jaroWinkler("MARTHA", "MARHTA")).toBeCloseTo(0.961, 3);
  expect(jaroWinkler("DWAYNE", "DUANE")).toBeCloseTo(0.84, 3);
  expect(jaroWinkler("DIXON", "DICKSONX")).toBeCloseTo(0.813, 3);
  expect(jaroWinkler("DICKSONX", "DIXON")).toBe(jaroWinkler("DIXON", "DICKSONX"));
  expect(jaroWinkler("abc", "xyz")).toBe(0);
  expect(jaroWinkler("", "a")).toBe(0);
});
